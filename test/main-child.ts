/** A process under the same supervision as the app's, whose app does when stopped what the first argument says. */
import { once } from 'node:events';
import { open } from 'node:fs';
import { superviseProcess, type Running } from '../src/lifetime.ts';
import { createLog } from '../src/log.ts';
import { openStops } from '../src/stops.ts';

const [kind = '', fifo = ''] = process.argv.slice(2);
const log = await createLog({ level: 'info', format: 'json' });
const forever = new Promise<never>(() => undefined);
const stop = async () => {
  log.info('jobs handed back');
};

const kinds: Readonly<Record<string, () => Running | Promise<Running>>> = {
  orderly: () => ({ stop }),
  hanging: () => {
    const stops = openStops();
    stops.defer('the database', stop);
    stops.defer('the jobs', () => forever);
    stops.defer('the server', stop);
    return { stop: () => stops[Symbol.asyncDispose](), stopping: () => stops.current };
  },
  failing: () => ({ stop: () => Promise.reject(new Error('the database is gone')) }),
  // Nobody ever writes there: a thread of the process waits in the system, and nothing can end that wait.
  blocked: () => {
    open(fifo, 'r', () => undefined);
    return { stop };
  },
  throwing: () => {
    setImmediate(() => {
      throw new Error('nobody caught this');
    });
    return { stop };
  },
  rejecting: () => {
    void Promise.reject(new Error('nobody caught this'));
    return { stop };
  },
  starting: async () => {
    await once(process.stdin, 'data');
    return { stop };
  },
  lingering: () => ({
    stop: async () => {
      await once(process.stdin, 'data');
    },
  }),
};

const deadlineMs = kind === 'hanging' || kind === 'blocked' ? 300 : 20_000;
setInterval(() => undefined, 60_000); // as the app's server does, this keeps the process alive
superviseProcess({ app: Promise.resolve(kinds[kind]?.() ?? forever), log, deadlineMs });
log.info('ready');
