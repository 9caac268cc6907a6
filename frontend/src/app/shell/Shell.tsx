import { Outlet } from '@tanstack/react-router';
import { Alerts } from '@/features/alerts/Alerts';
import { DisconnectedBanner, OriginBanner } from '@/features/connection/Banners';
import { NamespaceBanner } from '@/features/replays/NamespaceBanner';
import { Header } from './Header';
import classes from './shell.module.css';
import { useGoKeys } from './useGoKeys';

/** What every page has around it. */
export function Shell() {
  useGoKeys();
  return (
    <>
      <header className={classes.top}>
        <Header />
        <NamespaceBanner />
        <OriginBanner />
        <DisconnectedBanner />
      </header>
      <Outlet />
      <Alerts />
    </>
  );
}
