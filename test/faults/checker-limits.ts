import type { ChronicleEntry, FaultPart, Stamp } from '../stand-ins/github/index.ts';
import type { Finding } from './checker.ts';
import type { CallEntry, Scene } from './checker-scene.ts';

/** Counted again from the history, whatever the stand-in enforced: every call that arrived counts, also one that was refused. */
export function checkPace({ calls, bot, expected: { pace } }: Scene): readonly Finding[] {
  if (pace === undefined) return [];
  const made = calls.filter(({ isContent, actor }) => isContent && actor === bot).sort(byArrival);
  const { gapMs, perMinute, minuteMs, perHour, hourMs } = pace;
  return [...tooMany(made, 1, gapMs), ...tooMany(made, perMinute, minuteMs), ...tooMany(made, perHour, hourMs)];
}

/** One more than so many within a stretch. After a finding the search goes on behind it: one crowd is told once. */
function tooMany(made: readonly CallEntry[], most: number, stretchMs: number): Finding[] {
  const findings: Finding[] = [];
  for (let at = 0; at + most < made.length; at += 1) {
    const [first, last] = [made[at], made[at + most]];
    if (first === undefined || last === undefined) break;
    const took = last.arrivedAt - first.arrivedAt;
    if (took >= stretchMs) continue;
    const message = `${most + 1} content-creating calls within ${took.toFixed(1)} ms; at most ${most} in ${stretchMs} ms`;
    findings.push({ message, evidence: made.slice(at, at + most + 1) });
    at += most;
  }
  return findings;
}

/** While a planted primary limit lasts, nothing is sent for its installation, but what was under way already. */
export function checkPlantedLimits({ entries, calls, expected: { underWayMs } }: Scene): readonly Finding[] {
  return windows(entries).flatMap((window) => {
    const { installation, until, at } = window;
    const sent = calls.filter(
      (call) =>
        call.kind === 'api' &&
        call.installation === installation &&
        call.route !== 'GET /rate_limit' &&
        call.arrivedAt > at + underWayMs &&
        call.arrivedAt < until,
    );
    if (sent.length === 0) return [];
    const message = `${sent.length} calls for installation ${installation} before its limit was over`;
    return [{ message, evidence: [window.entry, ...sent] }];
  });
}

/** Limits that nobody planted: the caller ran into them. */
export function checkCaused({ entries, calls, bot, expected: { underWayMs } }: Scene): readonly Finding[] {
  const planted = windows(entries);
  const isUnderWay = (call: CallEntry) =>
    planted.some(
      ({ installation, at }) =>
        call.installation === installation && call.arrivedAt <= at + underWayMs && call.arrivedAt >= at - underWayMs,
    );
  return calls
    .filter((call) => call.limit !== null && (call.actor === bot || call.actor === 'app') && !isUnderWay(call))
    .map((call) => ({
      message: `${call.method} ${call.path} was answered with the ${call.limit ?? ''} limit`,
      evidence: [call],
    }));
}

interface Window {
  readonly entry: ChronicleEntry;
  readonly installation: number;
  readonly at: number;
  readonly until: number;
}

function windows(entries: readonly ChronicleEntry[]): Window[] {
  return entries.filter(isFault).flatMap((entry) => {
    const { then, installation, until, at } = entry;
    return then === 'rate-limit' && installation !== null && until !== null ? [{ entry, installation, at, until }] : [];
  });
}

function isFault(entry: ChronicleEntry): entry is Stamp & FaultPart {
  return entry.type === 'fault';
}

function byArrival(a: CallEntry, b: CallEntry): number {
  return a.arrivedAt - b.arrivedAt;
}
