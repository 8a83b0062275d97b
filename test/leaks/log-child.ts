/** Logs each argument after the first, which is the format, in three places of a line. */
import { createLog, flushLog } from '../../src/log.ts';
import { createLeakScan } from '../../src/leaks/index.ts';

const [, , format, ...texts] = process.argv;
const leaks = createLeakScan([{ name: 'WEBHOOK_SECRET', value: 'v3ry-s3cret-webhook-value-0123' }]);
const log = await createLog({ level: 'info', format: format === 'pretty' ? 'pretty' : 'json' }, leaks);
for (const text of texts) {
  log.info({ text, err: new Error(text) }, text);
  log.child({ deep: { text } }).warn('constant');
}
await flushLog(log, 2_000);
