/** What an operator asks on the command line, besides starting the service. */
export { examine } from './doctor.ts';
export type { Finding } from './doctor.ts';
