const part = '[a-z0-9]+(?:(?:[.]|_{1,2}|-{1,4})[a-z0-9]+){0,20}';
const registry = '[a-z0-9][a-z0-9.-]{0,200}(?::[0-9]{1,5})?';
const tag = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const digest = 'sha256:[0-9a-f]{64}';
const reference = new RegExp(`^(?:${registry}/)?${part}(?:/${part}){0,8}(?::${tag})?(?:@${digest})?$`);

/** Whether it names an image of a container: registry, path, tag and digest, of which only the path has to be there. */
export function isImageReference(text: string): boolean {
  return text.length <= 300 && reference.test(text);
}
