/** How strongly a cell of the heatmap is coloured. */

import type { Signal } from '@/api/board';
import { SIGNAL_WORDS } from '@/shared/signals';

export const HEATS = ['signal', 'change'] as const;
/** What the heatmap is coloured by. */
export type Heat = (typeof HEATS)[number];

/** From +2 (strong green) to -2 (strong red); null without colour. */
export type Level = 2 | 1 | 0 | -1 | -2 | null;

/** Per cent of change from which a cell counts as moved, and as strongly moved. */
export const MOVED_PCT = 0.1;
export const STRONGLY_PCT = 0.75;

export function signalLevel(signal: Signal | null | undefined): Level {
  return signal ? (SIGNAL_WORDS[signal].strength as Level) : null;
}

export function changeLevel(percent: number | null | undefined): Level {
  if (percent === null || percent === undefined) return null;
  const size = Math.abs(percent);
  if (size < MOVED_PCT) return 0;
  const level = size < STRONGLY_PCT ? 1 : 2;
  return percent > 0 ? level : (-level as Level);
}

/** A change's length as a share of the board's largest, 0 to 1. */
export function barLength(percent: number | null, largest: number): number {
  return percent === null || largest <= 0 ? 0 : Math.min(Math.abs(percent) / largest, 1);
}
