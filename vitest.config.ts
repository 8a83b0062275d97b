import { defineConfig } from 'vitest/config';

/** Machines' own git settings must not leak into tests; every test waits for a state, so the limits are only a net. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    env: { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', NO_COLOR: '1' },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 3, // many tests wait, for a queue or a process
  },
});
