import { useQuery } from '@tanstack/react-query';
import { ProblemError } from '@/api/client';
import { replaysQuery } from '@/api/queries';
import { useEverySecond } from '@/live/hooks';
import { pageNamespace } from '@/shared/namespace';
import classes from './replays.module.css';
import { bannerText } from './replayText';

/** Says on every page of a replay that it is one. */
export function NamespaceBanner() {
  const namespace = pageNamespace();
  return namespace === '' ? null : <Banner namespace={namespace} />;
}

function Banner({ namespace }: { namespace: string }) {
  const { data, error } = useQuery(replaysQuery);
  const replay = data?.find((each) => each.namespace === namespace);
  const text = useEverySecond((_session, present) => bannerText(namespace, replay, present));
  return (
    <p className={classes.banner} data-testid="namespace-banner">
      <span>{error instanceof ProblemError && error.isRefusal ? `Replay ${namespace}: ${error.detail}` : text}</span>
      {/* A link of the document, not of the router: the live page begins anew and keeps nothing of the replay. */}
      <a href="/" data-testid="back-to-live">
        Back to live
      </a>
    </p>
  );
}
