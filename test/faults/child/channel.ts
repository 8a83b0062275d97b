import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Collect, Orders, Word } from '../wire.ts';

/** Says something to the runner. Without one (started by hand) it goes nowhere. */
export function say(word: Word): void {
  if (process.connected) process.send?.(word);
}

/** Calls back with each set of orders. The channel keeps nothing alive. */
export function listen(obey: (orders: Orders) => void): void {
  process.on('message', (message) => {
    const order = message as Orders | Collect; // the runner says nothing else
    if (order.type === 'orders') obey(order);
    else collect();
  });
  process.channel?.unref();
}

function collect(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void; // there since the flag was set
  gc();
  gc();
  const { rss, heapUsed } = process.memoryUsage();
  say({ type: 'memory', rss, heap: heapUsed });
}
