import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadDefinition, loadKnowledge } from '../../src/team/index.ts';

const folder = join(import.meta.dirname, '../../agents');
const stacks =
  'chi django echo express fastapi fastify flask gin go java nestjs node python rails ruby sinatra spring-boot'.split(
    ' ',
  );

describe('the agents we ship', () => {
  it('can all be loaded', async () => {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).map((name) => name.slice(0, -3));
    const definitions = await Promise.all(names.map((name) => loadDefinition(folder, name)));
    expect(definitions.map(({ name }) => name)).toContain('backend-developer');
  });

  it('include a developer with all five tools, that knows its colleagues, deliverables and checklist', async () => {
    const { tools, model, prompt } = await loadDefinition(folder, 'backend-developer');
    expect({ tools, model }).toEqual({ tools: ['Bash', 'Read', 'Write', 'Edit', 'Grep'], model: 'sonnet' });
    const colleagues =
      'code-review-expert backend-reviewer security-auditor qa-engineer documentation-expert api-architect database-architect performance-engineer frontend-developer graph-database-specialist task-manager';
    for (const word of [
      ...colleagues.split(' '),
      '~/.claude/PREFERENCES.md',
      'asynchronously',
      'phase 4',
      'TypeGraphQL',
      'Neo4j',
      'Submit',
    ]) {
      expect(prompt).toContain(word);
    }
    for (const item of [
      'Input validation',
      'Rate limiting',
      'CORS configuration',
      'Environment variables',
      'Unit and integration tests',
    ]) {
      expect(prompt).toContain(`**${item}**`);
    }
  });

  it('have patterns for every stack, short enough to be read with every run', async () => {
    const found = (await readdir(join(folder, 'knowledge'))).map((name) => name.slice(0, -3));
    expect(found.toSorted()).toEqual(stacks);
    for (const stack of stacks) {
      const text = await loadKnowledge(folder, [stack]);
      expect(text).toMatch(/^# Patterns: /);
      for (const topic of ['alidation', 'rrors and logging', '## Database', '## Tests']) expect(text).toContain(topic);
      expect(text.length).toBeLessThan(6_000);
    }
  });

  it.each(['utcnow()', 'from jose', '.dict()', 'user:pass@', 'hours=24', 'create_engine("'])(
    'do not teach %s',
    async (outdated) => {
      const text = await loadKnowledge(folder, ['fastapi', 'flask', 'django']);
      expect(text).not.toContain(outdated);
    },
  );
});
