import type { Contribution, Missing, Total } from '@/live/board';
import { UNKNOWN } from '@/shared/format';
import { SignalMark } from '@/shared/SignalMark';
import classes from './total.module.css';
import { isTurned, signed } from './totalScale';

/** What each instrument contributes to TOTAL, and which are left out. */
export function Contributions({ total }: { total: Total }) {
  return (
    <ul className={classes.contributions} data-testid="contributions">
      {total.contributions.map((each) => (
        <Contributes key={each.symbol} of={each} />
      ))}
      {total.missing.map((each) => (
        <LeftOut key={each.symbol} of={each} />
      ))}
    </ul>
  );
}

function Contributes({ of }: { of: Contribution }) {
  const { symbol, signal, signal_weight: weight, weighted } = of;
  return (
    <li data-testid={`contribution-${symbol}`}>
      <span className={classes.symbol}>{symbol}</span>
      <SignalMark signal={signal} reason={null} testId={`contribution-signal-${symbol}`} />
      <span className={classes.gauge} aria-hidden="true">
        <span data-sign={Math.sign(weight ?? 0)} style={{ transform: `scaleX(${(weight ?? 0) / 2})` }} />
      </span>
      <span className={classes.weight}>{weight === null ? UNKNOWN : signed(weight)}</span>
      <span className={classes.quiet}>
        {isTurned(of) ? (
          <span title="It rises when markets fall: the sign of its signal is turned">bear</span>
        ) : (
          <span />
        )}
        {weighted !== null && <span title="Stat value times contract weight">{weighted}</span>}
      </span>
    </li>
  );
}

function LeftOut({ of: { symbol, reason } }: { of: Missing }) {
  return (
    <li data-testid={`contribution-${symbol}`}>
      <span className={classes.symbol}>{symbol}</span>
      <SignalMark signal={null} reason={reason} testId={`contribution-signal-${symbol}`} />
      <span className={classes.quiet}>left out</span>
    </li>
  );
}
