"""The database itself refuses silent edits: audit records are only added, graded rows only corrected."""

from typing import ClassVar

from django.db import migrations

#: What an outcome or a correction may set; everything else stands as it was captured.
OUTCOME = (
    "wndw", "target_hit_type", "target_hit_price", "target_hit_at", "pnl_usd", "mark_to_market_usd",
    "resolution_reason", "resolution_price", "resolution_quality", "resolved_at", "elapsed_sec", "observations",
    "deciding_stream_id", "deciding_ts", "deciding_source", "deciding_seq", "deciding_bid", "deciding_ask",
    "deciding_last",
)  # fmt: skip

GUARDS = f"""
CREATE FUNCTION market_open_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit records are only ever added: record % stays as it is', OLD.number;
END $$;
CREATE TRIGGER market_open_append_only BEFORE UPDATE OR DELETE ON market_open_auditrecord
  FOR EACH ROW EXECUTE FUNCTION market_open_append_only();

CREATE FUNCTION market_open_keep_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('thor.correction', true) = 'on' THEN
    RETURN COALESCE(NEW, OLD);
  END IF;
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'rows of an open are never deleted: % %', OLD.session_id, OLD.symbol;
  END IF;
  IF OLD.wndw <> 'PENDING' THEN
    RAISE EXCEPTION '% % is graded: it is changed by `thor regrade` or a correction in the admin only',
      OLD.session_id, OLD.symbol;
  END IF;
  IF to_jsonb(NEW) - ARRAY{list(OUTCOME)} <> to_jsonb(OLD) - ARRAY{list(OUTCOME)} THEN
    RAISE EXCEPTION '% % stands as it was captured: only its outcome may follow', OLD.session_id, OLD.symbol;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER market_open_keep_rows BEFORE UPDATE OR DELETE ON market_open_marketsession
  FOR EACH ROW EXECUTE FUNCTION market_open_keep_rows();
"""

NO_GUARDS = """
DROP TRIGGER market_open_keep_rows ON market_open_marketsession;
DROP FUNCTION market_open_keep_rows();
DROP TRIGGER market_open_append_only ON market_open_auditrecord;
DROP FUNCTION market_open_append_only();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("market_open", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(GUARDS, NO_GUARDS)]
