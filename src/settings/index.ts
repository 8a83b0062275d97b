/** Settings of a repository and of its owner, `.github/backend.yml`: what may stand there, and what is wrong with what does (pure). */
export { findNearest } from './nearest.ts';
export { readSettings } from './read-settings.ts';
export type { SettingsReading } from './read-settings.ts';
export { renderSchema } from './schema.ts';
export { Settings } from './settings.ts';
export type { TriggerWords } from './settings.ts';
export { settingsFields } from './settings-fields.ts';
