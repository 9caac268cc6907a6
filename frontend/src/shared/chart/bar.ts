/** What a chart draws. */

export interface Bar {
  /** Start of the interval, epoch seconds. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Contracts; null where nobody says. */
  readonly volume: number | null;
}

/** A point of a line, at the start of a bar. */
export interface LinePoint {
  /** Epoch seconds. */
  readonly time: number;
  readonly value: number;
  /** The line ends here: nothing joins it to the next point. */
  readonly isLast?: boolean;
}

/** Bars that stand before a shade, from the first to the last, both of them too; counted from 0. */
export interface Band {
  readonly from: number;
  readonly to: number;
}

/** A vertical line before a bar, with its words. */
export interface Mark {
  readonly bar: number;
  readonly words: string;
}

/** Bars that are seen, as places: 0 is the middle of the first bar. May reach beyond both ends. */
export interface View {
  readonly from: number;
  readonly to: number;
}
