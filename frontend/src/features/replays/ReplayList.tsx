import { useQuery } from '@tanstack/react-query';
import type { Replay } from '@/api/markets';
import { replaysQuery } from '@/api/queries';
import { dateIn } from '@/shared/clockText';
import { inNamespace, pageNamespace } from '@/shared/namespace';
import classes from './replays.module.css';
import { progressOf, speedText } from './replayText';

/** The replays that can be looked at; nothing when there is none. */
export function ReplayList() {
  const { data = [] } = useQuery(replaysQuery);
  if (data.length === 0) return null;
  return (
    <section className={classes.list} aria-labelledby="replays" data-testid="replays">
      <h2 id="replays" className={classes.heading}>
        Replays
      </h2>
      <ul>
        {data.map((replay) => (
          <ReplayLine key={replay.namespace} replay={replay} />
        ))}
      </ul>
    </section>
  );
}

function ReplayLine({ replay }: { replay: Replay }) {
  const { namespace, state, speed, from, until } = replay;
  const percent = Math.floor(progressOf(replay, Date.parse(replay.now)) * 100);
  const [first, last] = [from, until].map((at) => dateIn('UTC', Date.parse(at)));
  const isShown = namespace === pageNamespace();
  return (
    <li className={classes.replay} data-testid={`replay-${namespace}`} data-state={state}>
      <a href={inNamespace('/', namespace)} aria-current={isShown ? 'page' : undefined}>
        {namespace}
      </a>
      <span className={classes.quiet}>{first === last ? first : `${first} to ${last}`}</span>
      <span className={classes.state} data-state={state}>
        {state === 'running' ? `${percent}% ${speedText(speed)}` : state}
      </span>
    </li>
  );
}
