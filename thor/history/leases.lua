#!lua name=thor_ingest
-- Who holds which part of the unified stream, in as many records as there are batches and not as there are entries: a
-- pending entry for each event costs the server six times as much as handing it out (ADR 10).
--
-- A read is MULTI; FCALL thor_lease_begin; XREADGROUP ... NOACK; FCALL thor_lease_end; EXEC. It leaves one entry on the
-- group's pending list, the first of what it handed out (the mark), and in the hash of leases the range that the mark
-- stands for. Idle time, owner and take-over are the mark's; the range is settled, all at once, by thor_lease_settle.
--
-- KEYS are always: stream, leases, leased up to, losses, dead letters. ARGV[1] is the group.

local NOBODY = 'nobody'
local FOREVER_MS = 3600000

local function parts(id)
  local ms, number = string.match(id, '^(%d+)-(%d+)$')
  return ms, number
end

-- Ids may exceed the 53 bits of a Lua number: compare the decimal texts.
local function text_above(a, b)
  if #a ~= #b then return #a > #b end
  return a > b
end

local function above(a, b)
  local a_ms, a_number = parts(a)
  local b_ms, b_number = parts(b)
  if a_ms ~= b_ms then return text_above(a_ms, b_ms) end
  return text_above(a_number, b_number)
end

local function by_name(raw)
  local found = {}
  for i = 1, #raw, 2 do found[raw[i]] = raw[i + 1] end
  return found
end

local function group_of(stream, name)
  for _, raw in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local group = by_name(raw)
    if group.name == name then return group end
  end
  return nil
end

local function leased_up_to(keys)
  local id, read = string.match(redis.call('GET', keys[3]) or '0-0 0', '^(%S+) (%S+)$')
  return id, tonumber(read)
end

local function remember(keys, group)
  redis.call('SET', keys[3], group['last-delivered-id'] .. ' ' .. string.format('%.0f', group['entries-read'] or 0))
end

-- The first entry that the stream still holds in [from, to]; from '(id' leaves the id itself out.
local function first_in(stream, from, to)
  local found = redis.call('XRANGE', stream, from, to, 'COUNT', 1)
  return found[1] and found[1][1]
end

-- Lease [first, last] to a consumer; idle_ms 0: from now on.
local function lease(keys, group, consumer, first, last, entries, idle_ms)
  local held = redis.call('HGET', keys[2], first)
  if held then -- the group was set back: what it is given again joins what was held
    local held_last = string.match(held, '^%S+')
    if above(held_last, last) then last = held_last end
  end
  redis.call('XCLAIM', keys[1], group, consumer, 0, first, 'IDLE', idle_ms, 'FORCE', 'JUSTID')
  redis.call('HSET', keys[2], first, last .. ' ' .. string.format('%.0f', entries))
  return { first, last, entries }
end

-- What another reader of the group left pending, one by one, in (after, last]: taken off the list, to be leased as one.
-- -> how many there were, and how long the newest of them is idle.
local function gather(keys, group, after, last)
  local count, idle = 0, FOREVER_MS
  while true do
    local found = redis.call('XPENDING', keys[1], group, '(' .. after, last, 1000)
    if #found == 0 then return count, idle end
    local ids = {}
    count = count + #found
    for i, each in ipairs(found) do
      ids[i], idle = each[1], each[3]
    end
    redis.call('XACK', keys[1], group, unpack(ids))
  end
end

-- How many entries the group was given since `read` of them: those trimmed away unread count as given on the server.
local function given(keys, group, read)
  local stream = by_name(redis.call('XINFO', 'STREAM', keys[1]))
  local trimmed = stream['entries-added'] - stream.length - read
  return math.max(0, (group['entries-read'] or 0) - read - math.max(0, trimmed))
end

-- -> 1 when entries had been handed out that no lease holds (the leases were lost, or somebody read without one): they
-- are leased to nobody, to be taken up like those of a dead worker.
local function begin(keys, args)
  local group = group_of(keys[1], args[1])
  if not group then return redis.error_reply('NOGROUP no such consumer group ' .. args[1]) end
  local id, read = leased_up_to(keys)
  local last = group['last-delivered-id']
  if id == last then return 0 end
  local first = above(last, id) and first_in(keys[1], '(' .. id, last)
  if first then
    local count, idle = gather(keys, args[1], id, last)
    lease(keys, args[1], NOBODY, first, last, math.max(count, given(keys, group, read)), idle)
  end
  remember(keys, group)
  return first and 1 or 0
end

-- ARGV[2] consumer. -> '<first id> <last id> <entries>' of what the read between handed out, '- <last id> 0' for nothing.
local function finish(keys, args)
  local group = group_of(keys[1], args[1])
  if not group then return redis.error_reply('NOGROUP no such consumer group ' .. args[1]) end
  local id, read = leased_up_to(keys)
  local last = group['last-delivered-id']
  local first = last ~= id and first_in(keys[1], '(' .. id, last)
  if not first then return '- ' .. last .. ' 0' end
  local entries = given(keys, group, read)
  lease(keys, args[1], args[2], first, last, entries, 0)
  remember(keys, group)
  return string.format('%s %s %.0f', first, last, entries)
end

-- Acknowledge one lease (or one pending entry that is none) with all that goes with it, once: of two workers that held
-- it only the first finds it pending. ARGV: group, mark, entries found missing, number of tallies, three words for each
-- (key, field, count), number of letters, the number of words of one letter, the letters' words. -> 1, or 0: not pending.
local function settle(keys, args)
  local mark = args[2]
  if redis.call('XACK', keys[1], args[1], mark) == 0 then return 0 end
  redis.call('HDEL', keys[2], mark)
  if args[3] ~= '0' then redis.call('HINCRBY', keys[4], 'lost_pending', args[3]) end
  local at = 5
  for _ = 1, tonumber(args[4]) do
    local key = args[at]
    local since = redis.call('HGET', key, 'since')
    if not since or above(since, mark) then redis.call('HSET', key, 'since', mark) end
    redis.call('HINCRBY', key, args[at + 1], args[at + 2])
    at = at + 3
  end
  local letters, width = tonumber(args[at]), tonumber(args[at + 1])
  at = at + 2
  for _ = 1, letters do
    redis.call('XADD', keys[5], '*', unpack(args, at, at + width - 1))
    at = at + width
  end
  return 1
end

-- A mark whose entry is no longer in the stream: the lease moves to the first entry that is, or ends as a loss.
local function moved(keys, group, consumer, mark)
  local held = redis.call('HGET', keys[2], mark)
  redis.call('XACK', keys[1], group, mark)
  redis.call('HDEL', keys[2], mark)
  local last, entries = string.match(held or (mark .. ' 1'), '^(%S+) (%S+)$')
  local first = held and first_in(keys[1], mark, last)
  if first then return lease(keys, group, consumer, first, last, tonumber(entries), 0), 0 end
  local lost = tonumber(entries)
  if lost > 0 then redis.call('HINCRBY', keys[4], 'lost_pending', lost) end
  return nil, lost
end

-- What `marks` (pending for `consumer` by now) stand for -> { lost, first, last, entries, first, last, entries, ... }
local function held_by(keys, group, consumer, marks)
  local found, lost = { 0 }, 0
  for _, mark in ipairs(marks) do
    local given, gone
    if first_in(keys[1], mark, mark) then
      local last, entries = string.match(redis.call('HGET', keys[2], mark) or (mark .. ' 1'), '^(%S+) (%S+)$')
      given, gone = { mark, last, entries }, 0
    else
      given, gone = moved(keys, group, consumer, mark)
    end
    lost = lost + gone
    for _, word in ipairs(given or {}) do found[#found + 1] = word end
  end
  found[1] = lost
  return found
end

-- Leases without a mark: somebody acknowledged or dropped it with other tools. Nobody's, and claimed like those.
local function mark_again(keys, group)
  local all = redis.call('HGETALL', keys[2])
  for i = 1, #all, 2 do
    if #redis.call('XPENDING', keys[1], group, all[i], all[i], 1) == 0 then
      if first_in(keys[1], all[i], all[i]) then
        redis.call('XCLAIM', keys[1], group, NOBODY, 0, all[i], 'IDLE', FOREVER_MS, 'FORCE', 'JUSTID')
      else
        moved(keys, group, NOBODY, all[i])
      end
    end
  end
end

-- ARGV: group, consumer, most. What is pending for this consumer from before.
local function mine(keys, args)
  begin(keys, args)
  local marks = {}
  for _, each in ipairs(redis.call('XPENDING', keys[1], args[1], '-', '+', args[3], args[2])) do marks[#marks + 1] = each[1] end
  return held_by(keys, args[1], args[2], marks)
end

-- ARGV: group, consumer, idle ms, most, then the marks that are to be taken whatever their idle time says. Take these
-- over, and what is idle for so long.
local function claim(keys, args)
  begin(keys, args) -- what a stranger read must become a lease before it is taken up, or it would be counted twice
  mark_again(keys, args[1])
  local marks, taken = {}, {}
  for i = 5, #args do
    if #redis.call('XPENDING', keys[1], args[1], args[i], args[i], 1) > 0 then -- not settled meanwhile
      redis.call('XCLAIM', keys[1], args[1], args[2], 0, args[i], 'JUSTID')
      marks[#marks + 1], taken[args[i]] = args[i], true
    end
  end
  local idle = redis.call('XAUTOCLAIM', keys[1], args[1], args[2], args[3], '0-0', 'COUNT', args[4], 'JUSTID')
  for _, ids in ipairs({ idle[2], idle[3] }) do
    for _, id in ipairs(ids) do
      if not taken[id] then marks[#marks + 1] = id end
    end
  end
  return held_by(keys, args[1], args[2], marks)
end

-- ARGV: group, entries read before, tallies. A new group from the stream's first entry, with nothing held and nothing
-- counted: it settles everything again. -> 1, or 0: it was there.
local function create(keys, args)
  local made = redis.pcall('XGROUP', 'CREATE', keys[1], args[1], '0', 'MKSTREAM', 'ENTRIESREAD', args[2])
  if made.err then
    if string.find(made.err, 'BUSYGROUP', 1, true) then return 0 end
    return made
  end
  redis.call('DEL', keys[2], keys[3], unpack(args, 3))
  return 1
end

local function register(name, callback, ...)
  redis.register_function { function_name = name, callback = callback, flags = { ... } }
end

-- A server that is out of memory must still hand out and take back: only a dead letter waits.
register('thor_lease_begin', begin, 'allow-oom')
register('thor_lease_end', finish, 'allow-oom')
register('thor_lease_settle', settle, 'allow-oom')
register('thor_lease_bury', settle)
register('thor_lease_mine', mine, 'allow-oom')
register('thor_lease_claim', claim, 'allow-oom')
register('thor_lease_create', create)
