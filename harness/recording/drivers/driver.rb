# Runs in the user's project, once for many runs of single migrations: each in a child of its own, which finds the libraries loaded.
# Lines on standard input: { id, environment, arguments }. Lines on descriptor 3: { id, error? }.
require 'bundler/setup' if File.exist?('Gemfile.lock')
require 'json'
require 'tempfile'
require 'rails'
require 'rake'
require 'active_record/railtie'
require 'active_record'
require 'pg'

replies = IO.new(3, 'w')
$stdin.each_line do |line|
  request = JSON.parse(line)
  output = Tempfile.new('godwit')
  child = fork do
    ENV.update(request['environment'])
    $stdout.reopen(output)
    $stderr.reopen(output)
    program, *arguments = request['arguments']
    ARGV.replace(arguments)
    $PROGRAM_NAME = program
    load File.expand_path(program)
  end
  _, status = Process.wait2(child)
  reply = { id: request['id'] }
  unless status.success?
    output.rewind
    reply[:error] = output.read
  end
  output.close!
  replies.write("#{JSON.generate(reply)}\n")
  replies.flush
end
