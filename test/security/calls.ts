import { deniedCalls } from '../../src/isolation/index.ts';
import { callProbes } from '../../src/sandbox/call-probes.ts';
import { prepareMutant, runAsBox } from '../isolation/launch.ts';
import { makeCheckout, type TestCheckout } from '../sandbox/checkout.ts';
import { runBare } from './ground.ts';
import { once, sharedClass, type Case } from './case.ts';

const probes = callProbes.filter(({ expect }) => expect === 'denied');
const attempts = probes.map(({ script }, index) => `( ${script} ) > /dev/null 2>&1 && echo ${index}`).join('\n');

/** Names of the calls that reached the kernel. */
function reached(printed: string): ReadonlySet<string> {
  return new Set(printed.split('\n').flatMap((line) => probes[line === '' ? -1 : Number(line)]?.name ?? []));
}

async function reachInBox(checkout: TestCheckout, isFiltered: boolean): Promise<ReadonlySet<string>> {
  const prepared = await prepareMutant(checkout, isFiltered ? {} : { without: '--seccomp', words: 2 });
  const launch = isFiltered ? prepared.launch : { ...prepared.launch, filter: Buffer.alloc(0) };
  return reached(await runAsBox({ ...prepared, launch }, attempts));
}

/** Rights of its own in a namespace of its own, as a container's root has: what the kernel refuses a plain user is no answer of ours. */
async function reachBare(): Promise<ReadonlySet<string>> {
  const { output } = await runBare(
    '/usr/bin/bwrap',
    [
      ...'--ro-bind / / --dev /dev --proc /proc --unshare-pid --unshare-ipc --unshare-uts --die-with-parent --cap-add ALL'.split(
        ' ',
      ),
      ...['--', '/bin/bash', '-c', attempts],
    ],
    { cwd: '/', ms: 20_000 },
  );
  return reached(output);
}

/** Modules that many kernels are built without; every other call is one of every kernel. */
const often = ['a socket into the kernel’s ciphers', 'a rare protocol', 'a socket to the hypervisor'];

/** The filter by itself, without the proof at a box's opening, which refuses a box that lacks it. */
export const calls = sharedClass('calls', async (ends) => {
  const checkout = ends.use(await makeCheckout({}));
  const [open, filtered, bare] = [
    await reachInBox(checkout, false),
    await reachInBox(checkout, true),
    await reachBare(),
  ];
  const works = once(async () => {
    const prepared = await prepareMutant(checkout);
    const script =
      "perl -e 'socket(S, 1, 1, 0) && socket(T, 2, 1, 6) && (fork // die) && exit(0)' && sleep 0 && (true &) && echo works";
    return (await runAsBox(prepared, script)).includes('works');
  });
  // What the kernel itself does not have cannot be reached with or without a filter.
  const tried = probes.filter(({ name }) => open.has(name) || bare.has(name) || !often.includes(name));
  const rows = tried.map(({ name }): Case => ({
    id: 'D3',
    name: `a box makes the system call: ${name}`,
    baseline: () => open.has(name) || bare.has(name),
    attack: () => filtered.has(name),
    twin: works,
  }));
  const count = deniedCalls.flatMap(({ calls: names }) => Object.keys(names)).length;
  if (count < 40) throw new Error(`the list of denied calls has only ${count} of them`);
  return rows;
});
