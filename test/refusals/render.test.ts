import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Refusal, RefusalReason } from '../../src/domain/index.ts';
import { readSettings } from '../../src/settings/index.ts';
import { describeRefusals, renderRefusals } from '../../src/refusals/index.ts';

function aRefusal(
  hosts: readonly (readonly [host: string, reason: RefusalReason, port?: number])[],
  over: Partial<Refusal> = {},
): Refusal {
  const refused = hosts.map(([host, reason, port = 443]) => ({ host, port, reason }));
  return { command: 'npm ci', passed: true, hosts: refused, ...over };
}

/** The settings that the text says to write, as our own reader takes them. */
function settingsIn(text: string): readonly string[] | undefined {
  const [, yaml] = /```yaml\n([^]*?)```/.exec(text) ?? [];
  if (yaml === undefined) return undefined;
  const reading = readSettings(yaml);
  return 'settings' in reading ? reading.settings.network.allow : [`not read: ${reading.problems.join(' ')}`];
}

describe('what an install step was refused', () => {
  it('is told with its command, its reason and the lines that would allow it', () => {
    expect(renderRefusals([aRefusal([['files.example.com', 'not listed']])], []).split('\n')).toEqual([
      '**Not reached while setting up**: `npm ci` asked for hosts that an install step may not reach here.',
      '',
      '- `files.example.com:443` is not allowed so far',
      '',
      'If you trust what stands there, and that everything the install step runs may send data to it, let `.github/backend.yml` on the default branch say:',
      '',
      '```yaml',
      'network:',
      '  allow: [files.example.com]',
      '```',
    ]);
  });

  it('is nothing where nothing was refused', () => {
    expect([renderRefusals([], ['a.example.com']), describeRefusals([aRefusal([])])]).toEqual(['', []]);
  });

  it('keeps in the lines what the settings allow already, and names each host once', () => {
    const refusals = [
      aRefusal([
        ['b.example.com', 'not listed', 80],
        ['b.example.com', 'not listed', 443],
      ]),
      aRefusal([['b.example.com', 'not listed', 443]]),
    ];
    const text = renderRefusals(refusals, ['a.example.com']);
    expect(settingsIn(text)).toEqual(['a.example.com', 'b.example.com']);
    expect(text.match(/^- .*/gm)).toHaveLength(2);
  });

  it.each<[string, string, RefusalReason, RegExp]>([
    ['an address', '93.184.215.14', 'address', /`93\.184\.215\.14:443` is an address; only names/],
    ['a port that stays closed', 'a.example.com', 'port', /only 80 and 443 are open/],
    ['a name that leads to the cloud’s metadata', 'a.example.com', 'private address', /leads to no public address/],
    ['a name of a private network', 'metadata.google.internal', 'not listed', /no name of a public server/],
    ['our own machine', 'localhost', 'not listed', /no name of a public server/],
    ['a printer', 'printer.local', 'not listed', /no name of a public server/],
    ['a name that settings cannot hold', 'my_registry.example.com', 'not listed', /no name of a public server/],
    ['a bare word', 'registry', 'not listed', /no name of a public server/],
  ])('has a reason and no such line for %s', (_what, host, reason, expected) => {
    const text = renderRefusals([aRefusal([[host, reason]])], ['packages.example.com']);
    expect(text).toMatch(expected);
    expect(settingsIn(text)).toBeUndefined();
    expect(text).not.toContain('network:');
    expect(settingsIn(renderRefusals([aRefusal([['twin.example.com', 'not listed']])], []))).toEqual([
      'twin.example.com',
    ]);
  });

  it('says which command failed, also where another run of it went well', () => {
    const host = ['files.example.com', 'not listed'] as const;
    const text = renderRefusals([aRefusal([host]), aRefusal([host], { passed: false })], []);
    expect(text).toContain('`npm ci`, which failed, asked for');
    expect(describeRefusals([aRefusal([host], { passed: false })])[0]).toContain('(`npm ci`, which failed,)');
  });

  it('is cut where a command asks for host after host', () => {
    const many = Array.from({ length: 100 }, (_, index) => [`h${index}.example.com`, 'not listed'] as const);
    const text = renderRefusals([aRefusal(many, { command: 'x'.repeat(4_000) })], []);
    expect(text).toContain('- … and 90 more');
    expect(settingsIn(text)).toHaveLength(10);
    expect(text.length).toBeLessThan(2_500);
    const [sentence = ''] = describeRefusals([aRefusal(many)]);
    expect(sentence).toContain('; 90 more.');
  });

  it('says so where the list of the settings is full', () => {
    const full = Array.from({ length: 50 }, (_, index) => `h${index}.example.com`);
    const text = renderRefusals([aRefusal([['one.example.com', 'not listed']])], full);
    expect(text).toContain('takes at most 50 hosts, and has 50');
    expect(settingsIn(text)).toBeUndefined();
  });

  it('D25: can neither mention anybody nor leave its line or its code, whatever host and command are', () => {
    const nasty = fc.string({
      unit: fc.constantFrom('`', '\n', '@', 'a', '.', '#', '1', '<', '-', '/', ']', ' ', '\r'),
    });
    const run = fc.property(nasty, nasty, (host, command) => {
      const text = renderRefusals([aRefusal([[host, 'not listed']], { command })], []);
      const outside = text.replace(/```yaml[^]*?```/, '').replace(/(`+)(?!`)([^\n]*?[^`])\1(?!`)/g, '');
      expect(outside).not.toMatch(/[@#<`]/);
      expect(text.split('\n').filter((line) => line.startsWith('- '))).toHaveLength(1);
    });
    fc.assert(run, { numRuns: 300 });
  });

  it('suggests only what the settings take, whatever the host is', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-', '_', '.', '*'), maxLength: 20 });
    fc.assert(
      fc.property(part, part, (one, other) => {
        const text = renderRefusals(
          [
            aRefusal([
              [`${one}.${other}.com`, 'not listed'],
              [one, 'not listed'],
            ]),
          ],
          [],
        );
        const said = settingsIn(text);
        for (const host of said ?? []) expect([`${one}.${other}.com`, one]).toContain(host);
      }),
      { numRuns: 300 },
    );
  });
});
