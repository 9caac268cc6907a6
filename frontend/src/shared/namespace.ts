/**
 * Which namespace the page looks at: empty is the live one, another is a replay's.
 *
 * It stands in the address and is read once: one page never mixes two namespaces, and going from one to another loads the
 * page anew.
 */

const NAME = 'namespace';

export function readNamespace(search: string): string {
  return new URLSearchParams(search).get(NAME) ?? '';
}

const ofThisPage = readNamespace(window.location.search);

export function pageNamespace(): string {
  return ofThisPage;
}

/** `url`, absolute or from the root, with the namespace in its query; unchanged for the live one. */
export function inNamespace(url: string, namespace: string): string {
  if (namespace === '') return url;
  return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams({ [NAME]: namespace })}`;
}
