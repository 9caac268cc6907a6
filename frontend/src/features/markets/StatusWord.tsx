import type { MarketRow } from '@/live/markets';
import { ClosedIcon, OpenIcon, PauseIcon, QuestionIcon } from '@/shared/icons';
import classes from './markets.module.css';
import { phaseWord, STATUS_WORDS } from './marketView';

const ICONS = { OPEN: OpenIcon, CLOSED: ClosedIcon, UNKNOWN: QuestionIcon } as const;

/** Open, closed or unknown: as icon, word and colour. */
export function StatusWord({ market }: { market: Pick<MarketRow, 'status' | 'phase'> }) {
  const StatusIcon = market.phase === 'BREAK' ? PauseIcon : ICONS[market.status];
  return (
    <span className={classes.status} data-status={market.status} data-phase={market.phase}>
      <StatusIcon size={12} />
      {STATUS_WORDS[market.status]}
    </span>
  );
}

/** The phase, where it says more than the status. */
export function PhaseWord({ market }: { market: Pick<MarketRow, 'phase'> }) {
  const word = phaseWord(market);
  return word === '' ? null : <span className={classes.phase}>{word}</span>;
}
