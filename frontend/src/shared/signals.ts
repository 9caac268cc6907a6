/** Words, icons and colours of signals; the colour never stands alone. */

/** As the API spells them. */
export type Signal = 'STRONG_BUY' | 'BUY' | 'HOLD' | 'SELL' | 'STRONG_SELL';

export interface SignalWords {
  readonly word: string;
  readonly icon: string;
  /** From +2 for a strong buy to -2 for a strong sell, whatever the instrument's sign in TOTAL. */
  readonly strength: number;
}

export const SIGNAL_WORDS: Readonly<Record<Signal, SignalWords>> = {
  STRONG_BUY: { word: 'Strong buy', icon: '▲▲', strength: 2 },
  BUY: { word: 'Buy', icon: '▲', strength: 1 },
  HOLD: { word: 'Hold', icon: '■', strength: 0 },
  SELL: { word: 'Sell', icon: '▼', strength: -1 },
  STRONG_SELL: { word: 'Strong sell', icon: '▼▼', strength: -2 },
};

const REASONS: Readonly<Record<string, string>> = {
  'no quote': 'The desk has heard no quote of this instrument on this trade date',
  'no baseline': 'The source gave neither a settlement nor a previous close to measure the change from',
  'no thresholds': 'The instrument has no thresholds: set them in the admin',
  stale: 'The newest quote is too old',
  closed: 'The instrument’s own session is closed',
  suspect: 'The newest quotes are suspect, and there is no good one before them',
};

/** Why there is no signal, as a sentence; the desk's own word where it is a new one. */
export function reasonTitle(reason: string | null): string {
  if (reason === null) return 'The desk has said nothing of this instrument yet';
  return REASONS[reason] ?? reason;
}

const SUSPICIONS: Readonly<Record<string, string>> = {
  crossed: 'the bid is above the ask',
  zero: 'a price is zero',
  negative: 'a price is below zero',
  spike: 'a price is too far from the last good one',
  stale: 'it was old when it came',
  out_of_order: 'it came after a later one',
};

/** What is wrong with the newest quote, as a sentence. */
export function suspectTitle(suspect: readonly string[]): string {
  return `The newest quote is suspect (${suspect.map((each) => SUSPICIONS[each] ?? each).join(', ')}): the last good one stays in force`;
}
