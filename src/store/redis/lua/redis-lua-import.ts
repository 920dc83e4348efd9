/** The functions that fill a store, begin one, and accept one as it is. */
export const LUA_IMPORT = `
-- keys: meta seq tree lock; args: name clear holder. From now on nobody reads or writes here.
local function begin_import(keys, args)
  local sequence = redis.call('GET', keys[2]) or '0'
  local meta = redis.call('HMGET', keys[1], 'importing', 'clearing', 'writers')
  if redis.call('GET', keys[4]) ~= args[3] then return 'locked' end
  if args[2] == '' and meta[1] ~= args[1] and (meta[1] or sequence ~= '0') then return 'not empty' end
  -- What another release has restored lacks what this one keeps: it is restored anew.
  local clears = args[2] ~= '' or meta[1] and tonumber(meta[3]) ~= FORMAT
  if clears then redis.call('HSET', keys[1], 'clearing', '1') end
  redis.call('SET', keys[3], '!import')
  redis.call('SET', keys[2], '0')
  redis.call('HSET', keys[1], 'importing', args[1], 'writers', FORMAT)
  redis.call('HDEL', keys[1], 'incarnation', 'accepted')
  return (clears or meta[2]) and 'clear' or 'go on'
end

-- keys: meta lock version record history configs time owners last; args: holder revision version body config-id time owner
-- is-there. Whatever the order that the writes of one document come in, the highest revision is the current one.
local function restore_write(keys, args)
  known, held = {}, {}
  if redis.call('GET', keys[2]) ~= args[1] then return 'locked' end
  local revision, record = tonumber(args[2]), args[3] .. '\\n' .. args[4]
  for i, wanted in ipairs({'string', 'string', 'list', 'set', 'string', 'zset', 'hash'}) do
    demand(keys[2 + i], wanted)
  end
  pass_time(keys[7], args[6])
  local from = revision_of(redis.call('LINDEX', keys[5], 0) or args[2])
  local next = from + redis.call('LLEN', keys[5])
  if revision >= next then
    for _ = next + 1, revision do redis.call('RPUSH', keys[5], '') end
    redis.call('RPUSH', keys[5], record)
  elseif revision >= from then redis.call('LSET', keys[5], revision - from, record)
  else
    for _ = revision + 2, from do redis.call('LPUSH', keys[5], '') end
    redis.call('LPUSH', keys[5], record)
  end
  local current = redis.call('GET', keys[3])
  if not current or tonumber(string.match(current, '^%d+')) <= revision then
    redis.call('SET', keys[4], record)
    redis.call('SET', keys[3], args[3])
    if args[7] ~= '' and args[8] ~= '' then redis.call('ZADD', keys[8], 0, args[7])
    elseif args[7] ~= '' then redis.call('ZREM', keys[8], args[7]) end
  end
  pass_commit(keys[9], args[5], sequence_of(record))
  redis.call('SADD', keys[6], args[5])
  return 'done'
end

-- keys: meta lock blame; args: holder record
local function restore_blame(keys, args)
  if redis.call('GET', keys[2]) ~= args[1] then return 'locked' end
  local known = revision_of(redis.call('GETRANGE', keys[3], 0, 19)) or 0
  if known <= revision_of(args[2]) then redis.call('SET', keys[3], args[2]) end
  return 'done'
end

-- Takes an account out of its place; what counts it is restored by itself.
local function take_away(prefix, id, key)
  local current = redis.call('GET', key)
  if not current then return end
  local parent = place_of(current)
  redis.call('DEL', key)
  if parent ~= '' then redis.call('ZREM', prefix .. 'k:' .. parent, id)
  elseif redis.call('GET', prefix .. 'root') == id then redis.call('DEL', prefix .. 'root') end
end

local function restore_deletion(prefix, id, time)
  redis.call('SET', prefix .. 'g:' .. id, time)
  local last = redis.call('GET', prefix .. 'lastDeletion')
  if not last or last < time then redis.call('SET', prefix .. 'lastDeletion', time) end
end

-- keys: meta lock account time history; args: holder record entry kind id parent prefix time. Whatever the order that the
-- records of one account come in, the newest is the current one.
local function restore_account(keys, args)
  known, held = {}, {}
  if redis.call('GET', keys[2]) ~= args[1] then return 'locked' end
  local record, entry, kind, id, parent, prefix, time = unpack(args, 2, 8)
  demand(keys[3], 'string')
  demand(keys[5], 'list')
  demand(prefix .. 'k:' .. parent, 'zset')
  pass_time(keys[4], time)
  local newest = newest_entry(keys[5])
  local isNewest = not newest or sequence_of(newest) <= sequence_of(entry)
  insert_entry(keys[5], entry)
  if kind == 'DELETE' then restore_deletion(prefix, id, time) end
  if not isNewest then return 'done' end
  if kind == 'DELETE' then
    take_away(prefix, id, keys[3])
    return 'done'
  end
  local current = redis.call('GET', keys[3])
  local from = current and place_of(current) or ''
  if from ~= '' and from ~= parent then redis.call('ZREM', prefix .. 'k:' .. from, id) end
  redis.call('SET', keys[3], record)
  if parent == '' then redis.call('SET', prefix .. 'root', id)
  else redis.call('ZADD', prefix .. 'k:' .. parent, 0, id) end
  return 'done'
end

-- keys: lock feed; args: holder sequence record. They come oldest first: what is not newer was restored before.
local function restore_change(keys, args)
  known, held = {}, {}
  if redis.call('GET', keys[1]) ~= args[1] then return 'locked' end
  if feed_end(keys[2]) < tonumber(args[2]) then redis.call('XADD', keys[2], args[2] .. '-0', 'change', args[3]) end
  return 'done'
end

-- keys: meta lock last; args: holder config-id sequence
local function restore_config(keys, args)
  known, held = {}, {}
  if redis.call('GET', keys[2]) ~= args[1] then return 'locked' end
  demand(keys[3], 'hash')
  pass_commit(keys[3], args[2], tonumber(args[3]))
  return 'done'
end

-- keys: meta lock counts; args: holder counts
local function restore_counts(keys, args)
  if redis.call('GET', keys[2]) ~= args[1] then return 'locked' end
  if args[2] == '' then redis.call('DEL', keys[3]) else redis.call('SET', keys[3], args[2]) end
  return 'done'
end

-- keys: meta seq tree feed lock dropped begun; args: holder sequence incarnation tree-token dropped
local function finish_import(keys, args)
  if redis.call('GET', keys[5]) ~= args[1] then return 'locked' end
  redis.call('SET', keys[2], args[2])
  redis.call('SET', keys[7], args[2])
  redis.call('SET', keys[3], args[4])
  redis.call('SET', keys[6], args[5])
  redis.call('HDEL', keys[1], 'importing', 'clearing', 'accepted')
  redis.call('HSET', keys[1], 'format', FORMAT, 'writers', FORMAT, 'incarnation', args[3])
  return 'done'
end

-- keys: record version history configs; args: config-id. Makes a document of which a part was written whole: its history has
-- each revision that is kept once, and the last one is the current one. Of two with the same number the later one was made.
-- Answers how many there were.
local function mend_document(keys, args)
  known, held = {}, {}
  for i, wanted in ipairs({'string', 'string', 'list', 'set'}) do demand(keys[i], wanted) end
  local record, version = redis.call('GET', keys[1]), redis.call('GET', keys[2])
  local first, last = redis.call('LINDEX', keys[3], 0), redis.call('LINDEX', keys[3], -1)
  local from = first and revision_of(first)
  local isWhole = from and record == last and version == version_of(last)
    and revision_of(version) == from + redis.call('LLEN', keys[3]) - 1
    and redis.call('SISMEMBER', keys[4], args[1]) == 1
  if isWhole then return revision_of(version) end
  local history, count = {}, 0
  from = math.huge
  for _, each in ipairs(redis.call('LRANGE', keys[3], 0, -1)) do
    local revision = revision_of(each)
    if revision then
      history[revision] = each
      from, count = math.min(from, revision), math.max(count, revision)
    end
  end
  redis.call('DEL', keys[3])
  for revision = from, count do redis.call('RPUSH', keys[3], history[revision] or '') end
  redis.call('SET', keys[1], history[count])
  redis.call('SET', keys[2], version_of(history[count]))
  redis.call('SADD', keys[4], args[1])
  return count
end

-- keys: meta seq tree feed begun dropped; args: incarnation tree-token, and of a store of which a part was written how many
-- revisions it has. What is there now is the store, says an operator. No sequence is used twice. What the feed of a torn
-- store tells cannot be trusted: it begins anew.
local function accept(keys, args)
  known, held = {}, {}
  local sequence = tonumber(text_at(keys[2])) or 0
  if string.sub(text_at(keys[3]) or '', 1, 1) == '!' then return 'importing' end
  sequence = math.max(sequence, feed_end(keys[4]))
  demand(keys[1], 'hash')
  local dropped = number_in(text_at(keys[6]), keys[6])
  demand(keys[5], 'string')
  if args[3] ~= '' then
    local revisions = tonumber(args[3])
    sequence = math.max(sequence, revisions + dropped)
    redis.call('SET', keys[6], number(sequence - revisions))
    redis.call('DEL', keys[4])
  end
  redis.call('SET', keys[2], number(sequence))
  redis.call('SET', keys[5], number(sequence))
  redis.call('SET', keys[3], args[2])
  redis.call('HSETNX', keys[1], 'format', UPGRADED_FORMAT)
  redis.call('HSETNX', keys[1], 'writers', FORMAT)
  redis.call('HSET', keys[1], 'incarnation', args[1], 'accepted', args[1])
  return 'done'
end

-- keys: meta seq tree; args: incarnation tree-token. Makes a new store where there is none.
local function found(keys, args)
  if redis.call('EXISTS', keys[1], keys[2], keys[3]) == 0 then
    redis.call('SET', keys[2], '0')
    redis.call('SET', keys[3], args[2])
    redis.call('HSET', keys[1], 'format', FORMAT, 'writers', FORMAT, 'incarnation', args[1])
  end
  return redis.call('HGET', keys[1], 'incarnation')
end
`;
