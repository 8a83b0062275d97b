/** The door to the database: one seam over the embedded one and PostgreSQL, and the schema's history. */
export { fromJson, isUniqueViolation, toJson, toText, translated } from './database.ts';
export type { Database, Row, Sql } from './database.ts';
export { openEmbedded } from './embedded.ts';
export { migrate, schemaHistory } from './migrations.ts';
export type { Migration } from './migrations.ts';
export { openPostgres } from './postgres.ts';
