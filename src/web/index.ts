/** What the process shows over HTTP: the webhook's door, health, and pages for people. */
export { createIntake, hashDelivery } from './intake.ts';
export type { Intake, IntakeOptions, VerifiedDelivery } from './intake.ts';
export { createPages } from './pages.ts';
export type { PagesOptions } from './pages.ts';
export { describeOutcome } from './run-page.ts';
export { startServer } from './server.ts';
export type { HttpServer, ServerOptions } from './server.ts';
