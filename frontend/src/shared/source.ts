/** What each quote source is called, and whether its prices are those of a market now. */

export type Origin = 'market' | 'simulated' | 'replay';

interface SourceWords {
  readonly origin: Origin;
  /** For the header: never to be mistaken for another kind. */
  readonly label: string;
  /** For narrow places; always with a sentence nearby that says the same in full. */
  readonly short: string;
}

const KNOWN: Readonly<Record<string, SourceWords>> = {
  MOCK: { origin: 'simulated', label: 'Simulated (MOCK)', short: 'MOCK' },
  REPLAY: { origin: 'replay', label: 'Replay (REPLAY)', short: 'REPLAY' },
  TOS: { origin: 'market', label: 'TOS live', short: 'TOS' },
  SCHWAB: { origin: 'market', label: 'SCHWAB live', short: 'SCHWAB' },
};

/** `recorded`: the page shows a recording, in which a source's prices are not those of now, whoever gave them. */
export function describeSource(source: string, recorded = false): SourceWords {
  const words = KNOWN[source] ?? { origin: 'market', label: source, short: source };
  if (!recorded || words.origin !== 'market') return words;
  return { origin: 'replay', label: `${source} recorded`, short: source };
}

/** A sentence for everything on the page that is no live market price; null when all of it is. */
export function originNotice(sources: Iterable<string>): string | null {
  const origins = new Set([...sources].map((source) => describeSource(source).origin));
  const parts = [];
  if (origins.has('simulated')) parts.push('Simulated (MOCK): generated prices, not a market.');
  if (origins.has('replay')) parts.push('Replay (REPLAY): recorded prices, not the market now.');
  if (parts.length > 0 && origins.has('market')) parts.push('Other rows are live: see the source of each.');
  return parts.length > 0 ? parts.join(' ') : null;
}
