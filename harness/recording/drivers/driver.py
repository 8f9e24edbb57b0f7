# Runs in the user's project, once for many runs of single migrations: each in a child of its own, which finds the modules loaded.
# Lines on standard input: { id, url, environment, arguments }. Lines on descriptor 3: { id, error? }.
import json
import os
import re
import runpy
import sys
import tempfile
from urllib.parse import unquote, urlsplit

tool = sys.argv[1]
sys.path.insert(0, os.getcwd())
if tool == "alembic":
    import alembic.command
    import alembic.config
    import sqlalchemy.dialects.postgresql
else:
    import django.core.management.commands.migrate
    import django.db.backends.postgresql.base
    import django.db.migrations.executor
    import django.db.migrations.loader


def load_project():
    """Load the models and migrations once, for all children. False where they need a database for that."""
    try:
        with open("manage.py", encoding="utf-8") as file:
            settings = re.search(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)", file.read())
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings.group(1))
        django.setup()
        django.db.migrations.loader.MigrationLoader(None, ignore_no_migrations=True)
        return True
    except Exception:
        return False


loaded = tool == "django" and load_project()


def migrate(url, app, step):
    """What `manage.py migrate app step` does, without its checks and the signals behind the last step."""
    parts = urlsplit(url)
    connection = django.db.connections["default"]
    connection.settings_dict.update(
        NAME=unquote(parts.path[1:]),
        USER=unquote(parts.username or ""),
        PASSWORD=unquote(parts.password or ""),
        HOST=parts.hostname,
        PORT=str(parts.port),
    )
    executor = django.db.migrations.executor.MigrationExecutor(connection)
    executor.migrate([(app, None if step == "zero" else step)])


def run(request, output):
    os.environ.update(request["environment"])
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    sys.argv = request["arguments"]
    try:
        if tool == "alembic":
            runpy.run_module("alembic", run_name="__main__", alter_sys=True)
        elif loaded:
            migrate(request["url"], *request["arguments"][-2:])
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else (0 if end.code is None else 1)
    except BaseException:
        import traceback

        traceback.print_exc()
        return 1
    return 0


for line in sys.stdin:
    request = json.loads(line)
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = run(request, output)
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        reply = {"id": request["id"]}
        if status != 0:
            output.seek(0)
            reply["error"] = output.read().decode("utf-8", "replace")
        os.write(3, (json.dumps(reply) + "\n").encode())
