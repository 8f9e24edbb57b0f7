export { checkConfig } from './check-config.ts'
export { configFiles, type LoadedConfig, loadConfig } from './load-config.ts'
export { type Config, defineConfig, type ProjectConfig, type ProjectOptions } from './model.ts'
export { configSchema, configSchemaText } from './schema.ts'
