/** Takes deliveries for as long as it lives and says the id of each job once it is acknowledged. */
import { openStore } from '../../src/store/index.ts';
import { aDelivery, work } from '../store/builders.ts';

const [dataDir = ''] = process.argv.slice(2);
const store = await openStore({ dataDir });
for (;;) {
  const receipts = await Promise.all(
    [1, 2, 3].map((number) => store.receive(aDelivery(), work({ subject: { kind: 'issue', number } }))),
  );
  for (const receipt of receipts) if (receipt.type === 'queued') process.stdout.write(`${receipt.jobId}\n`);
}
