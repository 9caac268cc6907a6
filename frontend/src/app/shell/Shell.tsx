import { Outlet } from '@tanstack/react-router';
import { useRef } from 'react';
import { Alerts } from '@/features/alerts/Alerts';
import { DisconnectedBanner, OriginBanner } from '@/features/connection/Banners';
import { NamespaceBanner } from '@/features/replays/NamespaceBanner';
import { Header } from './Header';
import { KeyHelp } from './KeyHelp';
import classes from './shell.module.css';
import { useGoKeys } from './useGoKeys';
import { useHeaderHeight } from './useHeaderHeight';

/** What every page has around it. */
export function Shell() {
  const header = useRef<HTMLElement>(null);
  useGoKeys();
  useHeaderHeight(header);
  return (
    <>
      <header ref={header} className={classes.top}>
        <Header />
        <NamespaceBanner />
        <OriginBanner />
        <DisconnectedBanner />
      </header>
      <Alerts />
      <Outlet />
      <KeyHelp />
    </>
  );
}
