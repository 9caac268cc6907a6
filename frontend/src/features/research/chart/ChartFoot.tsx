import { VisuallyHidden } from '@mantine/core';
import { dateIn, timeIn } from '@/shared/clockText';
import { formatCount } from '@/shared/format';
import { WarningIcon } from '@/shared/icons';
import research from '../research.module.css';
import type { BarHistory, BarsState, HistoryBar } from './barHistory';
import classes from './chart.module.css';
import { rollWords } from './figures';
import { type Kept, keptWords } from './kept';
import type { Seen } from './place';

interface ChartFootProps {
  state: BarsState;
  history: BarHistory;
  seen: Seen | null;
  kept: Kept;
  zone: string;
  isDay: boolean;
  precision: number;
}

/** What the drawing's signs mean, what is in sight and where it comes from. */
export function ChartFoot({ state, history, seen, kept, zone, isDay, precision }: ChartFootProps) {
  const { bars, rolls, error } = state;
  const inSight = seen
    ? rolls.filter((roll) => roll.trade_date > seen.first.tradeDate && roll.trade_date <= seen.last.tradeDate)
    : [];
  return (
    <div className={classes.foot}>
      {error && bars.length > 0 && (
        <p className={classes.trouble} role="status" data-testid="reading-failed">
          <WarningIcon size={13} /> {error.message}{' '}
          <button type="button" className={research.button} onClick={() => void history.older()}>
            Retry
          </button>
        </p>
      )}
      <p data-testid="in-sight">{seen ? sightWords(seen, state, zone, isDay) : ' '}</p>
      {seen && <p data-testid="kept-words">{keptWords(kept, seen.first.tradeDate, seen.last.tradeDate)}</p>}
      {inSight.length > 0 && (
        <VisuallyHidden component="p" data-testid="rolls">
          {`Rolls: ${inSight.map((roll) => `${rollWords(roll, precision)} on ${roll.trade_date}`).join('; ')}`}
        </VisuallyHidden>
      )}
      <p className={classes.legend}>
        <span className={classes.vwapKey} /> VWAP
        {!isDay && (
          <>
            <span className={classes.shadeKey} /> outside RTH
          </>
        )}
        <span className={classes.rollKey} /> roll
        <a className={classes.makers} href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          TradingView Lightweight Charts™
        </a>
      </p>
    </div>
  );
}

function sightWords(seen: Seen, { bars, isOldest, reading }: BarsState, zone: string, isDay: boolean): string {
  const at = ({ startMs, tradeDate }: HistoryBar) =>
    isDay ? tradeDate : `${dateIn(zone, startMs)} ${timeIn(zone, startMs).slice(0, 5)}`;
  const span = `${formatCount(seen.count)} of ${formatCount(bars.length)} bars read: ${at(seen.first)} to ${at(seen.last)}`;
  if (reading === 'older') return `${span}. Reading older ones…`;
  if (reading === 'newer') return `${span}. Reading newer ones…`;
  return isOldest ? `${span}. There are none before ${bars[0]?.tradeDate}.` : `${span}. Scroll back for older ones.`;
}
