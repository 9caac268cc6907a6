import type { Instrument } from '@/api/queries';
import { useFreshness } from './cells';
import type { RowView } from './rowView';
import type { BoardTable } from './useBoardTable';

/** What the table, the cards and the heatmap have in common. */
export interface ViewProps {
  /** The instruments that pass the filter, in their order. */
  table: BoardTable;
  /** The item that Tab reaches. */
  tabStop: string | undefined;
  /** The item whose panel is open. */
  opened: string | undefined;
}

export interface ItemProps {
  instrument: Instrument;
  /** Whether Tab reaches this item; the arrow keys reach the others. */
  isTabStop: boolean;
  isOpen: boolean;
}

/** What a row, a card and a cell of the heatmap have in common. */
export function useItemAttributes(view: RowView, isTabStop: boolean, isOpen: boolean) {
  const state = useFreshness(view.ts);
  return {
    'data-testid': `row-${view.symbol}`,
    'data-symbol': view.symbol,
    'data-freshness': view.hasQuote ? state : 'none',
    'aria-current': isOpen || undefined,
    tabIndex: isTabStop ? 0 : -1,
  };
}
