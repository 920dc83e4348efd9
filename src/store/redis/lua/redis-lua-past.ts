/**
 * The functions that read what was stored at a past moment; all of an answer is of one moment of the store. The first
 * writes nothing; the second one writes down how far the past has been told.
 */
export const LUA_PAST = `
-- Times are compared without the Z at their end: imported ones may have more or fewer digits.
local function change_time(change)
  return string.match(change, '.*,"at":"([^"]*)Z","by":')
end

-- When an account's entry was made. Of the first one its creation tells it, also where nothing else does.
local function account_time(entry)
  return change_time(entry) or (string.match(entry, '^1%.') and string.match(entry, '"createdAt":"([^"]*)Z"'))
end

local function document_time(record)
  return string.match(record, '^[^\\n]*\\n{"kind":"%u+","at":"([^"]*)Z"')
end

local function feed_entry(feed, from)
  local found = redis.call('XRANGE', feed, from, '+', 'COUNT', 1)[1]
  return found and found[2][2]
end

-- The sequence that was asked for, or of the last commit at or before a moment, nil where the feed does not go back so far; the
-- newest commit's time, and the first one's of which the feed tells.
local function place_at(sequence_key, feed, time_key, moment, sequence)
  local last = tonumber(redis.call('GET', sequence_key) or '0')
  local newest = last_time(redis.call('GET', time_key), feed)
  local first = feed_entry(feed, '-')
  local start = first and change_time(first)
  local feed_start = first and start .. 'Z' or newest
  if sequence then return sequence, newest, feed_start end
  if last == 0 then return 0, newest, feed_start end
  if string.sub(newest, 1, -2) <= moment then return last, newest, feed_start end
  if not first or start > moment then
    return first and sequence_of(first) == 1 and 0 or nil, newest, feed_start
  end
  local low, high = sequence_of(first), last
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if change_time(feed_entry(feed, number(middle) .. '-0')) <= moment then low = middle else high = middle end
  end
  return low, newest, feed_start
end

-- The last entry of a history that is then, and the one after it, where there is none '', and at which place that would be. Empty
-- entries at its beginning are lost.
local function entries_at(history, is_then)
  local count = redis.call('LLEN', history)
  if count == 0 then return '', '', 0 end
  local newest = redis.call('LINDEX', history, -1)
  if is_then(newest) then return newest, '', count end
  local lost = 0
  while redis.call('LINDEX', history, lost) == '' do lost = lost + 1 end
  local low, high = lost - 1, count - 1
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if is_then(redis.call('LINDEX', history, middle)) then low = middle else high = middle end
  end
  return low >= lost and redis.call('LINDEX', history, low) or '', redis.call('LINDEX', history, high), high
end

-- Whether one of an account's entries from a place on tells of a deletion: then before the account of now was created, or at
-- the same time.
local function deleted_since(history, place, account)
  local created = string.match(account, '"createdAt":"([^"]*)Z"')
  while created do
    local entry = redis.call('LINDEX', history, place)
    if not entry then return false end
    if kind_of(entry) == 'DELETE' then return true end
    if (account_time(entry) or '') > created then return false end
    place = place + 1
  end
  return false
end

-- keys: tree meta seq feed time; args: prefix system-owner, moment or sequence (else ''), then pairs of an account (or the system's owner) and a
-- config id. Each account on the ways to the root comes once: what it is now, what it was, and what it was next; so does each
-- document.
local function layers_at(keys, args)
  local prefix, system, moment, wanted = args[1], args[2], string.sub(args[3], 1, -2), tonumber(args[4])
  local sequence, newest, feed_start = place_at(keys[3], keys[4], keys[5], moment, wanted)
  local function is_then(time_of)
    return function(entry)
      if sequence then return sequence_of(entry) <= sequence end
      local time = time_of(entry)
      return time and time <= moment
    end
  end
  local accounts, places, documents, seen = {}, {}, {}, {}
  local function place(id)
    if places[id] == nil then
      local entry, after, next_place = entries_at(prefix .. 'p:' .. id, is_then(account_time))
      local now = redis.call('GET', prefix .. 'a:' .. id) or ''
      local is_deleted = wanted and deleted_since(prefix .. 'p:' .. id, next_place, now)
      accounts[#accounts + 1] = {id, now, entry, after, is_deleted and '1' or ''}
      local account = string.match(entry, '"account":({.*)')
      places[id] = account and {
        parent = string.match(account, '"parentId":"([^"]*)"') or '',
        isReseller = string.find(account, '"isReseller":true', 1, true) ~= nil,
      } or false
    end
    return places[id]
  end
  local function document(owner, config)
    local name = owner .. ':' .. config
    if seen[name] then return end
    seen[name] = true
    local entry, after = entries_at(prefix .. 'h:' .. name, is_then(document_time))
    documents[#documents + 1] = {owner, config, entry, after}
  end
  for i = 5, #args, 2 do
    local owner, config = args[i], args[i + 1]
    document(system, config)
    if owner ~= system and place(owner) then
      document(owner, config)
      local above = reseller_of(owner, place)
      if above then document(above, config) end
    end
  end
  local change = sequence and redis.call('XRANGE', keys[4], number(sequence) .. '-0', number(sequence) .. '-0')[1]
  return {
    redis.call('GET', keys[1]), redis.call('HGET', keys[2], 'incarnation'), newest, feed_start,
    sequence and number(sequence) or '', change and change[2][2] or '', accounts, documents,
  }
end

-- keys as above; args as above, then the first moment after. From now on no commit gets an earlier time.
local function settled_layers_at(keys, args)
  local after = table.remove(args)
  local meta = redis.call('HMGET', keys[2], 'incarnation', 'earliest')
  if meta[1] and (meta[2] or '') < after then redis.call('HSET', keys[2], 'earliest', after) end
  return layers_at(keys, args)
end
`;
