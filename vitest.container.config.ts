import { defineConfig } from 'vitest/config';

/** `npm run test:container`: what needs an engine and an image. Apart from the other tests, because not every machine has them; here their absence is a failure. */
export default defineConfig({
  test: {
    include: ['test/container/*.real.ts'],
    env: { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', NO_COLOR: '1' },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
