import type { SessionRow } from '@/api/marketOpen';
import { SignalMark } from '@/shared/SignalMark';
import { Money } from '../shared/Money';
import { OutcomeBadge, QualityMark } from '../shared/OutcomeBadge';
import { usePrecision } from '../shared/useInstruments';
import { formatPrice, formatSpan, formatWeight } from '../shared/words';
import { dateWords } from './columns';
import classes from './compact.module.css';
import { EntrySide } from './EntrySide';
import { FoldButton, type RowsProps, Unfolded } from './HistoryTable';

/** The sessions where it is narrow: three short lines each. */
export function CompactTable({ rows, open, onOpen }: RowsProps) {
  return (
    <ul className={classes.list} data-testid="history-list" aria-label="Sessions">
      {rows.map((row) => (
        <Item key={row.session_id} row={row} isOpen={row.session_id === open} onOpen={onOpen} />
      ))}
    </ul>
  );
}

interface ItemProps {
  row: SessionRow;
  isOpen: boolean;
  onOpen: RowsProps['onOpen'];
}

function Item({ row, isOpen, onOpen }: ItemProps) {
  return (
    <li className={classes.item} data-testid={`history-${row.session_id}`}>
      <div className={classes.line}>
        <FoldButton row={row} isOpen={isOpen} onOpen={onOpen} />
        <strong>{row.display_name}</strong>
        <span className={classes.quiet}>
          {dateWords(row)}, no. {row.session_number}
        </span>
        <span className={classes.end}>
          <OutcomeBadge outcome={row.wndw} testId={`outcome-${row.session_id}`} />
        </span>
      </div>
      <div className={classes.line}>
        <SignalMark signal={row.bhs} reason={row.bhs ? null : row.reason} testId={`signal-${row.session_id}`} />
        <span className={classes.quiet} title="Sum of the signal weights, weighted average">
          {formatWeight(row.weight)} {row.weighted_average !== null && `(${row.weighted_average.toFixed(3)})`}
        </span>
        <span className={classes.end}>
          <QualityMark quality={row.resolution_quality} /> <Money usd={row.pnl_usd} />
        </span>
      </div>
      {row.entry_side && <Trade row={row} />}
      {isOpen && <Unfolded row={row} />}
    </li>
  );
}

function Trade({ row }: { row: SessionRow }) {
  const precision = usePrecision()(row.traded_symbol);
  return (
    <div className={classes.line}>
      <span>
        <EntrySide row={row} /> {formatPrice(row.entry_price, precision)}
      </span>
      <span className={classes.quiet}>
        target {formatPrice(row.target, precision)}, stop {formatPrice(row.stop, precision)}
      </span>
      <span className={classes.end}>{row.elapsed_sec !== null && formatSpan(row.elapsed_sec)}</span>
    </div>
  );
}
