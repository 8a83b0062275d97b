/** Ten characters are left for a suffix, for when a name is taken. */
const maxLength = 90;
const maxSlugLength = 50;

/**
 * The branch for an issue, from a pattern with `{number}` and `{slug}`. Letters, digits and `-_./` only, at most 90 characters, always
 * valid for `git check-ref-format --branch` and for GitHub, whatever the pattern and the title. The same arguments give the same branch.
 */
export function branchFor(pattern: string, issue: { number: number; title: string }): string {
  const number = String(issue.number);
  const roomForTitle = maxLength - renderBranch(pattern, { number, slug: '' }).length;
  const slug = toSlug(issue.title, Math.min(maxSlugLength, roomForTitle / (pattern.split('{slug}').length - 1)));
  const name = cleanName(renderBranch(pattern, { number, slug }));
  return isTaken(name) ? `backend/${issue.number}` : name;
}

/** The pattern with its placeholders filled in; anything else in braces is dropped. */
function renderBranch(pattern: string, values: Readonly<Record<'number' | 'slug', string>>): string {
  return pattern.replace(/\{([^{}]*)\}/gu, (_, name: string) =>
    name === 'number' || name === 'slug' ? values[name] : '',
  );
}

/** Lower-case ASCII words joined by `-`, accents taken off, cut between words. Empty for a title without any, or without room. */
function toSlug(title: string, room: number): string {
  const words =
    title
      .slice(0, 1_000)
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .match(/[a-z0-9]+/gu) ?? [];
  let slug = '';
  for (const word of words) {
    const longer = slug === '' ? word.slice(0, Math.max(0, room)) : `${slug}-${word}`;
    if (longer.length > room) break;
    slug = longer;
  }
  return slug;
}

/** Path parts that git takes: none empty, none that starts or ends with a punctuation mark, no `..`, none that ends in `.lock`. */
function cleanName(name: string): string {
  const parts = name.slice(0, 1_000).split('/').map(cleanPart);
  return cleanEnds(parts.filter(Boolean).join('/').slice(0, maxLength));
}

function cleanPart(part: string): string {
  return cleanEnds(
    part
      .replace(/[^\w.-]+/gu, '-')
      .replace(/\.{2,}/gu, '.')
      .replace(/-{2,}/gu, '-'),
  );
}

function cleanEnds(name: string): string {
  return name.replace(/^[-./_]+/u, '').replace(/(?:[-./_]|\.lock)+$/iu, '');
}

/** Names that git or GitHub keep for themselves: `HEAD`, what looks like a full ref or like a commit's id. */
function isTaken(name: string): boolean {
  return (
    name === '' ||
    name.toUpperCase() === 'HEAD' ||
    /^refs(?:\/|$)/iu.test(name) ||
    /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/iu.test(name)
  );
}
