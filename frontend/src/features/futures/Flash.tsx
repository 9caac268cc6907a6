import { type ReactNode, useEffect, useRef } from 'react';
import type { Micros } from '@/shared/decimal';
import classes from './futures.module.css';

const FLASH_MS = 500;

interface FlashProps {
  value: Micros | null;
  children: ReactNode;
}

/** Tints its background for a moment when the value moves: up or down, and not at all where motion is unwanted. */
export function Flash({ value, children }: FlashProps) {
  const element = useRef<HTMLSpanElement>(null);
  const shown = useRef(value);
  useEffect(() => {
    const before = shown.current;
    shown.current = value;
    if (before === null || value === null || before === value || !element.current || prefersStillness()) return;
    const tint = value > before ? 'var(--thor-flash-up)' : 'var(--thor-flash-down)';
    element.current.animate([{ backgroundColor: tint }, { backgroundColor: 'transparent' }], {
      duration: FLASH_MS,
      // In steps: a smooth fade would paint the board anew in every frame.
      easing: 'steps(5, end)',
    });
  }, [value]);
  return (
    <span ref={element} className={classes.flash}>
      {children}
    </span>
  );
}

function prefersStillness(): boolean {
  return window.matchMedia('(prefers-reduced-motion: reduce)').matches;
}
