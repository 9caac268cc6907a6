#!lua name=thor
-- The atomic publish of the quote bus. thor/quotes/merge.py is the readable twin of the rules; a contract test keeps
-- the two equal. One call handles a batch of one source: source stream, merge decision, unified stream, latest hash,
-- sparkline and merge memory change together or not at all.
--
-- FCALL thor_publish 1 <prefix> <source> <now_us or ''> <fence or ''> <n>
--   then n times <symbol> <ts_us> <seq or ''> <event JSON>
-- -> { events that went to the unified stream, events that went to the source stream only }
-- A call with a fencing number below the newest of the source's lease is answered FENCED and changes nothing.

local FRESH_US = 5000000
local SERIES_LENGTH = 300
local SERIES_STEP_MS = 1000
local SIMULATED = { MOCK = true, REPLAY = true }

-- seq may exceed the 53 bits of a Lua number: compare the decimal text (no leading zeros).
local function seq_above(a, b)
  if #a ~= #b then return #a > #b end
  return a > b
end

-- The members of a canonical event (merge.py's caller encodes them: no white space, meta last) as HSET arguments:
-- strings without their quotes, numbers with every digit, null left out. cjson would round prices to doubles.
local function fields_of(event)
  local fields, n, at = {}, 0, 2
  local last = #event
  while at < last do
    local _, key_end, key = string.find(event, '^"([^"\\]*)":', at)
    if not key then return nil end
    at = key_end + 1
    local first = string.byte(event, at)
    local value
    if key == 'meta' then
      value = string.sub(event, at, last - 1)
      at = last
    elseif first == 34 then -- "
      local close = at
      repeat
        close = string.find(event, '"', close + 1, true)
        if not close then return nil end
        local slashes = 0
        while string.byte(event, close - 1 - slashes) == 92 do slashes = slashes + 1 end
      until slashes % 2 == 0
      local raw = string.sub(event, at, close)
      value = string.find(raw, '\\', 1, true) and cjson.decode('[' .. raw .. ']')[1] or string.sub(raw, 2, -2)
      at = close + 1
    elseif first == 123 or first == 91 then -- { or [: an unknown extra field; kept as JSON text
      local depth, in_text, stop = 0, false, at
      while stop <= last do
        local byte = string.byte(event, stop)
        if in_text then
          if byte == 92 then stop = stop + 1 elseif byte == 34 then in_text = false end
        elseif byte == 34 then in_text = true
        elseif byte == 123 or byte == 91 then depth = depth + 1
        elseif byte == 125 or byte == 93 then
          depth = depth - 1
          if depth == 0 then break end
        end
        stop = stop + 1
      end
      value = string.sub(event, at, stop)
      at = stop + 1
    else
      local stop = string.find(event, '[,}]', at)
      value = string.sub(event, at, stop - 1)
      at = stop
    end
    if value ~= 'null' or first == 34 then
      fields[n + 1], fields[n + 2] = key, value
      n = n + 2
    end
    at = at + 1
  end
  return fields
end

local function load_memory(prefix, symbol, source)
  local key = prefix .. 'quotes:merge:' .. symbol
  local preferred = redis.call('HGET', prefix .. 'quotes:preferred', symbol)
  local got = redis.call('HMGET', key, 'source', 'ts', 'seq', 'latest', 'seq:' .. source, 'heard:' .. (preferred or source),
    'real')
  return {
    key = key,
    preferred = preferred,
    source = got[1],
    ts = tonumber(got[2] or '0'),
    seq = got[3] or '',
    latest = tonumber(got[4] or '0'),
    top_seq = got[5] or '',
    preferred_heard = got[6] and tonumber(got[6]),
    real_heard = got[7] and tonumber(got[7]),
  }
end

local function wins(m, source, ts, seq, now)
  if SIMULATED[source] and m.preferred ~= source and m.real_heard and now - m.real_heard < FRESH_US then return false end
  if not m.source then return true end
  if m.source == source then
    if seq ~= '' and m.seq ~= '' then return seq_above(seq, m.seq) or ts - m.ts > FRESH_US end
    return ts >= m.ts
  end
  if ts <= m.latest then return false end
  if not m.preferred or m.preferred == source then return true end
  return not m.preferred_heard or now - m.preferred_heard >= FRESH_US
end

local function add_point(prefix, symbol, now, last)
  local key = prefix .. 'quotes:series:' .. symbol
  local now_ms = math.floor(now / 1000)
  local newest = redis.call('LINDEX', key, -1)
  if newest and now_ms - tonumber(string.match(newest, '^%d+')) < SERIES_STEP_MS then return end
  redis.call('RPUSH', key, string.format('%.0f,%s', now_ms, last))
  redis.call('LTRIM', key, -SERIES_LENGTH, -1)
end

local function iso(us)
  -- Civil date from days since the epoch (Howard Hinnant's days_from_civil, turned round): Lua here has no os.date.
  local seconds = math.floor(us / 1000000)
  local days = math.floor(seconds / 86400)
  local rest = seconds - days * 86400
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%06dZ', year, month, doy - math.floor((153 * mp + 2) / 5) + 1,
    math.floor(rest / 3600), math.floor(rest % 3600 / 60), rest % 60, us - seconds * 1000000)
end

-- Puts m.shown, whose entry is m.id, into the latest hash. Returns its last price.
local function show(prefix, symbol, source, m, now)
  local fields = fields_of(m.shown)
  if not fields then return nil end
  local key = prefix .. 'quotes:latest:' .. symbol
  local n = #fields
  fields[n + 1], fields[n + 2] = 'active_source', source
  fields[n + 3], fields[n + 4] = 'updated_at', iso(now)
  fields[n + 5], fields[n + 6] = 'stream_id', m.id
  redis.call('DEL', key)
  redis.call('HSET', key, unpack(fields))
  for f = 1, n, 2 do
    if fields[f] == 'last' then return fields[f + 1] end
  end
end

-- Somebody else took the source's lease after the caller (thor/runtime/lease.py).
local function is_fenced(prefix, source, fence)
  if fence == '' then return false end
  local newest = redis.call('HGET', prefix .. 'quotes:lease:' .. source, 'number')
  return newest and seq_above(newest, fence)
end

local function publish(keys, args)
  local prefix, source = keys[1], args[1]
  if is_fenced(prefix, source, args[3]) then
    return redis.error_reply('FENCED another collector leads ' .. source)
  end
  local time = redis.call('TIME')
  -- A simulated clock comes with the call; else the server's own, the one clock that all sources share.
  local now = args[2] ~= '' and tonumber(args[2]) or time[1] * 1000000 + time[2]
  local count = tonumber(args[4])
  local source_stream = prefix .. 'quotes:stream:' .. source
  local unified = prefix .. 'quotes:stream:unified'
  local memory, order, won = {}, {}, 0
  for i = 0, count - 1 do
    local symbol, ts, seq, event = args[5 + i * 4], tonumber(args[6 + i * 4]), args[7 + i * 4], args[8 + i * 4]
    local m = memory[symbol]
    if not m then
      m = load_memory(prefix, symbol, source)
      memory[symbol] = m
      order[#order + 1] = symbol
    end
    redis.call('XADD', source_stream, '*', 's', symbol, 'e', event)
    if m.preferred == source then m.preferred_heard = now end
    if seq ~= '' and (m.top_seq == '' or seq_above(seq, m.top_seq)) then m.top_seq = seq end
    if wins(m, source, ts, seq, now) then
      local id = redis.call('XADD', unified, '*', 's', symbol, 'e', event)
      won = won + 1
      m.source, m.ts, m.seq = source, ts, seq
      if ts >= m.latest then m.latest, m.shown, m.id = ts, event, id end
    end
  end
  -- The hash follows the newest shown event of each symbol in the batch; the ones between stand in the stream.
  for _, symbol in ipairs(order) do
    local m = memory[symbol]
    local changed = { 'heard:' .. source, string.format('%.0f', now) }
    if m.top_seq ~= '' then
      changed[3], changed[4] = 'seq:' .. source, m.top_seq
    end
    if not SIMULATED[source] then
      changed[#changed + 1], changed[#changed + 2] = 'real', changed[2]
    end
    if m.source then
      local n = #changed
      changed[n + 1], changed[n + 2], changed[n + 3], changed[n + 4] = 'source', m.source, 'ts', string.format('%.0f', m.ts)
      changed[n + 5], changed[n + 6], changed[n + 7], changed[n + 8] = 'seq', m.seq, 'latest', string.format('%.0f', m.latest)
    end
    redis.call('HSET', m.key, unpack(changed))
    if m.shown then
      local last = show(prefix, symbol, source, m, now)
      if last then add_point(prefix, symbol, now, last) end
    end
  end
  return { won, count - won }
end

redis.register_function('thor_publish', publish)

local function newest_point(prefix, symbol)
  local newest = redis.call('LINDEX', prefix .. 'quotes:series:' .. symbol, -1)
  return newest and tonumber(string.match(newest, '^%d+')) or -SERIES_STEP_MS
end

-- A recording's events, as recorded: nothing is merged, for that was done when they were recorded, and no clock is asked,
-- so that the same recording leaves the same quotes at any speed. Then the player's words go into the hash of the replay,
-- with the id of the newest entry. thor/quotes/replaying.py calls it.
--
-- FCALL thor_replay 1 <prefix> <run> <n>
--   then n times <source> <symbol> <ts_us> <id> <event JSON>, then pairs of <field> <value>
--   <id>: the entry's, above that of the entry before; '*' for one of now
-- -> the id of the newest entry. Answered GONE, with nothing changed, when the namespace is another player's by now.
local function replay(keys, args)
  local prefix, key = keys[1], keys[1] .. 'replay'
  if redis.call('HGET', key, 'run') ~= args[1] then
    return redis.error_reply('GONE another player has this namespace')
  end
  local unified, id = prefix .. 'quotes:stream:unified', nil
  local count, newest, points = tonumber(args[2]), {}, {}
  for at = 3, count * 5 + 2, 5 do
    local source, symbol, ts, event = args[at], args[at + 1], tonumber(args[at + 2]), args[at + 4]
    id = redis.call('XADD', unified, args[at + 3], 's', symbol, 'e', event)
    local m = newest[symbol]
    if not m then
      m = { latest = tonumber(redis.call('HGET', prefix .. 'quotes:merge:' .. symbol, 'latest') or '0') }
      newest[symbol], points[symbol] = m, newest_point(prefix, symbol)
    end
    if ts >= m.latest then
      m.latest, m.shown, m.id, m.source = ts, event, id, source
      local last = string.match(event, '"last":([%d.-]+)')
      if last and ts / 1000 - points[symbol] >= SERIES_STEP_MS then
        points[symbol] = math.floor(ts / 1000)
        add_point(prefix, symbol, ts, last)
      end
    end
  end
  for symbol, m in pairs(newest) do
    if m.shown then
      show(prefix, symbol, m.source, m, m.latest)
      redis.call('HSET', prefix .. 'quotes:merge:' .. symbol, 'source', m.source, 'latest', string.format('%.0f', m.latest))
    end
  end
  if id then redis.call('HSET', key, 'last_id', id) end
  redis.call('HSET', key, unpack(args, count * 5 + 3))
  return id or redis.call('HGET', key, 'last_id')
end

redis.register_function('thor_replay', replay)
