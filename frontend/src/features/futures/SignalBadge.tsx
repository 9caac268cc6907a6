import { memo } from 'react';
import { useBoardPart } from '@/live/hooks';
import { SignalMark } from '@/shared/SignalMark';

/** The instrument's signal; renders only when it changes. */
export const SignalBadge = memo(function SignalBadge({ symbol }: { symbol: string }) {
  const signal = useBoardPart(symbol, (row) => row?.signal ?? null);
  const reason = useBoardPart(symbol, (row) => row?.reason ?? null);
  return <SignalMark signal={signal} reason={reason} testId={`signal-${symbol}`} />;
});
