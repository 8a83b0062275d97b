import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attackClasses } from './classes.ts';
import { mutants } from './mutants.ts';
import { deviationsOf, runClass } from './run-class.ts';

describe('the attacks that need nothing but our own functions', () => {
  it.each(attackClasses.filter(({ isPure }) => isPure).map((one) => [one.name, one] as const))(
    '%s: none works, every baseline and every benign twin does',
    async (_, one) => {
      const results = await runClass(one, () => undefined);
      expect(results.length).toBeGreaterThan(0);
      expect(results.flatMap((result) => deviationsOf(result).map((wrong) => `${result.name}: ${wrong}`))).toEqual([]);
    },
  );
});

describe('the table of mutants', () => {
  it('names lines that are there, each once, and classes that there are', () => {
    const root = join(import.meta.dirname, '../..');
    const wrong = mutants.filter(({ file, find }) => readFileSync(join(root, file), 'utf8').split(find).length !== 2);
    expect(wrong.map(({ file, find }) => `${file}: ${find}`)).toEqual([]);
    expect(mutants.filter((mutant) => !attackClasses.some(({ name }) => name === mutant.class))).toEqual([]);
  });

  it('has one for every defence', () => {
    const ids = Array.from({ length: 40 }, (_, index) => `D${index + 1}`);
    expect(ids.filter((id) => !mutants.some((mutant) => mutant.id === id))).toEqual([]);
  });
});
