/** How a box is started as a container of Podman or Docker, with the same in reach as any other box: nothing. */
export { createContainers } from './launch.ts';
export type { Containers } from './launch.ts';
export { lookFromOutside } from './outside.ts';
