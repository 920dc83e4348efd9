/**
 * The function that commits, and what it is made of. It decides first, and writes then: what is written is planned as a
 * list, and each key's type is checked when it goes on the list. For an error half-way would keep what was written.
 */
export const LUA_COMMIT = `
local function version_of(record)
  return record and string.match(record, '^[^\\n]*') or '-'
end

local function number(value)
  return string.format('%.0f', value)
end

-- What keys are known to hold: those that this call has looked at.
local known = {}
-- What texts were found there: nothing is written before all is decided.
local held = {}

-- A key that holds something else than it should ends the function: nothing was written yet.
local function demand(key, wanted)
  if known[key] == wanted then return end
  local found = redis.call('TYPE', key).ok
  if found ~= 'none' and found ~= wanted then
    error({err = 'FOREIGN ' .. key .. ' holds a ' .. found .. ' in place of a ' .. wanted}, 0)
  end
  known[key] = wanted
end

-- The text of a key; nil where there is none.
local function text_at(key)
  local found = held[key] or redis.call('MGET', key)[1]
  if not found then
    demand(key, 'string')
    return nil
  end
  known[key], held[key] = 'string', found
  return found
end

-- A text that has to be a whole number; nil and false are 0.
local function number_in(text, key)
  if text and not string.match(text, '^%d+$') then
    error({err = 'FOREIGN ' .. key .. ' holds something else than a number'}, 0)
  end
  return tonumber(text or '0')
end

-- The sequence behind which the feed goes on.
local function feed_end(feed)
  demand(feed, 'stream')
  if redis.call('EXISTS', feed) == 0 then return 0 end
  local found = redis.call('XINFO', 'STREAM', feed)
  for i = 1, #found, 2 do
    if found[i] == 'last-generated-id' then return tonumber(string.match(found[i + 1], '^%d+')) end
  end
end

local function obstacle(meta, tree, sequence, begun, incarnation, floor)
  if not meta[1] or not sequence then return 'empty' end
  if tonumber(meta[2]) > FORMAT then return 'newer' end
  if tonumber(meta[2]) < FORMAT then return 'older' end
  if string.sub(tree or '', 1, 1) == '!' then return 'importing' end
  if meta[1] ~= incarnation then return 'incarnation' end
  if sequence < tonumber(floor) then return 'behind' end
  if begun > sequence then return 'torn' end
end

-- Seconds since the epoch of an RFC 3339 time in UTC. Years begin in March here.
local function seconds_of(time)
  local year, month, day, hour, minute, second = string.match(time, '^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)')
  year, month = tonumber(year), tonumber(month) - 3
  if month < 0 then year, month = year - 1, month + 12 end
  local days = 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
  days = days + math.floor((153 * month + 2) / 5) + day - 1 - 719468
  return ((days * 24 + hour) * 60 + minute) * 60 + second
end

-- The time of the newest commit; a store of an older release has it in its feed alone. Empty: nobody knows of one.
local function last_time(time, feed)
  if time then return time end
  local newest = redis.call('XREVRANGE', feed, '+', '-', 'COUNT', 1)[1]
  return newest and string.match(newest[2][2], '.*,"at":"([^"]*)","by":') or ''
end

-- Something that was restored was made then: no commit is to be older.
local function pass_time(key, time)
  local last = text_at(key)
  if not last or last < time then redis.call('SET', key, time) end
end

-- A record's parent (the root: ''), and whether it is a reseller.
local function place_of(record)
  local parent, role = string.match(record, '^[^\\n]*\\n([^\\n]*)\\n([^\\n]*)')
  return parent, role
end

-- Writes that are made once every check has passed. Each key is checked when its write is planned.
local WRITTEN = {
  SET = 'string', INCRBY = 'string', RPUSH = 'list', LTRIM = 'list', SADD = 'set', ZADD = 'zset', ZREM = 'zset', XADD = 'stream',
  HSET = 'hash',
}
local function plan(writes, name, key, ...)
  demand(key, WRITTEN[name])
  writes[#writes + 1] = {name, key, ...}
end

local function plan_removal(writes, key, held)
  demand(key, held)
  writes[#writes + 1] = {'UNLINK', key}
end

-- The ids of an account and its ancestors, itself first; nil where there is none.
local function ancestry(prefix, id)
  local ids = {}
  while id ~= '' do
    local record = text_at(prefix .. 'a:' .. id)
    if not record or #ids > 2 * TREE_DEPTH then return nil end
    ids[#ids + 1] = id
    id = place_of(record)
  end
  return ids
end

local function counts_in(text)
  local counts = {}
  for each in string.gmatch(text or '', '%d+') do counts[#counts + 1] = tonumber(each) end
  return counts
end

local function counts_of(prefix, id) return counts_in(text_at(prefix .. 'n:' .. id)) end

-- Adds a subtree, given by level, or takes it away, wherever it counts. changed: counts by account, as they are to be.
local function count(changed, prefix, ancestors, subtree, sign)
  for distance, id in ipairs(ancestors) do
    local counts = changed[id] or counts_of(prefix, id)
    for level, accounts in ipairs(subtree) do
      local at = distance + level - 1
      counts[at] = (counts[at] or 0) + sign * accounts
    end
    while counts[#counts] == 0 do counts[#counts] = nil end
    changed[id] = counts
  end
end

local function plan_counts(writes, prefix, changed)
  for id, counts in pairs(changed) do
    local key = prefix .. 'n:' .. id
    if #counts == 0 then plan_removal(writes, key, 'string')
    else
      for at = 1, #counts do counts[at] = number(counts[at]) end
      plan(writes, 'SET', key, table.concat(counts, ','))
    end
  end
end

local function subtree_of(prefix, id)
  local subtree = counts_of(prefix, id)
  table.insert(subtree, 1, 1)
  return subtree
end

-- Whether an account, and all that is below it, can hang there: the ancestors that it would have; nil: no.
local function room(prefix, parent, id)
  local above = ancestry(prefix, parent)
  if not above or #above + 1 + #counts_of(prefix, id) > TREE_DEPTH then return nil end
  for _, ancestor in ipairs(above) do
    if ancestor == id then return nil end
  end
  return above
end

-- Whether the accounts would still be one tree under one root, and not too deep; and the ancestors to be.
local function fits_tree(prefix, kind, id, parent)
  local record = text_at(prefix .. 'a:' .. id)
  if kind == 'CREATE' then
    if record then return false end
    if parent == '' then return not text_at(prefix .. 'root'), {} end
    local above = room(prefix, parent, id)
    return above ~= nil, above
  end
  if not record then return false end
  local from = place_of(record)
  if kind == 'DELETE' then return #counts_of(prefix, id) == 0, ancestry(prefix, from) or {} end
  if parent == from then return true, nil end
  if parent == '' or from == '' then return false end
  local above = room(prefix, parent, id)
  return above ~= nil, above
end

-- Takes away everything of an account's documents, and counts the commits that leave nothing behind.
local function plan_dropping(writes, prefix, id, revisions)
  local dropped = revisions
  demand(prefix .. 'o:' .. id, 'set')
  demand(prefix .. 'last', 'hash')
  for _, config in ipairs(redis.call('SMEMBERS', prefix .. 'o:' .. id)) do
    local name = id .. ':' .. config
    local version = text_at(prefix .. 'v:' .. name)
    dropped = dropped + (version and tonumber(string.match(version, '^%d+')) or 0)
    plan(writes, 'ZREM', prefix .. 'c:' .. config, id)
    -- As long as a store is being upgraded nobody else may have told of it.
    if version and sequence_of(version) > last_commit(prefix .. 'last', config) then
      plan(writes, 'HSET', prefix .. 'last', config, number(sequence_of(version)))
    end
    plan_removal(writes, prefix .. 'v:' .. name, 'string')
    plan_removal(writes, prefix .. 'd:' .. name, 'string')
    plan_removal(writes, prefix .. 'h:' .. name, 'list')
    plan_removal(writes, prefix .. 'b:' .. name, 'string')
  end
  plan_removal(writes, prefix .. 'o:' .. id, 'set')
  number_in(text_at(prefix .. 'dropped'), prefix .. 'dropped')
  plan(writes, 'INCRBY', prefix .. 'dropped', number(dropped))
end

local function plan_deletion(writes, prefix, id, from, above, revision, time)
  plan_removal(writes, prefix .. 'a:' .. id, 'string')
  if from == '' then plan_removal(writes, prefix .. 'root', 'string')
  else
    local changed = {}
    plan(writes, 'ZREM', prefix .. 'k:' .. from, id)
    count(changed, prefix, above, {1}, -1)
    plan_counts(writes, prefix, changed)
  end
  plan_dropping(writes, prefix, id, revision)
  plan(writes, 'SET', prefix .. 'g:' .. id, time)
  local last = text_at(prefix .. 'lastDeletion')
  if not last or last < time then plan(writes, 'SET', prefix .. 'lastDeletion', time) end
end

-- The history of an account gets its new entry, and before that what it lacks: an older release kept none.
local function plan_history(writes, history, current, change)
  demand(history, 'list')
  local newest = current and version_of(newest_entry(history))
  if current and newest ~= version_of(current) then plan(writes, 'RPUSH', history, known_entry(current)) end
  plan(writes, 'RPUSH', history, change)
end

-- args from a on: kind id parent role prefix tree-token. What the tree's shape or its resellers depend on changes the
-- tree token.
local function plan_account(writes, record, change, revision, above, time, args, a)
  local kind, id, parent, role, prefix = args[a], args[a + 1], args[a + 2], args[a + 3], args[a + 4]
  local key = prefix .. 'a:' .. id
  local current = text_at(key)
  local from, was = place_of(current or '')
  plan_history(writes, prefix .. 'p:' .. id, current, change)
  if kind == 'DELETE' then return plan_deletion(writes, prefix, id, from, above, revision, time) end
  plan(writes, 'SET', key, record)
  local changed = {}
  if kind == 'CREATE' then
    if parent == '' then plan(writes, 'SET', prefix .. 'root', id)
    else
      plan(writes, 'ZADD', prefix .. 'k:' .. parent, 0, id)
      count(changed, prefix, above, {1}, 1)
    end
  elseif from ~= parent then
    local subtree = subtree_of(prefix, id)
    plan(writes, 'ZREM', prefix .. 'k:' .. from, id)
    count(changed, prefix, ancestry(prefix, from), subtree, -1)
    plan(writes, 'ZADD', prefix .. 'k:' .. parent, 0, id)
    count(changed, prefix, above, subtree, 1)
  end
  plan_counts(writes, prefix, changed)
  if kind ~= 'CREATE' and (from ~= parent or was ~= role) then
    plan(writes, 'SET', prefix .. 'tree', args[a + 5])
  end
end

-- From when on tokens count for a new account, as a member of its JSON; as newAccount in records.ts has it.
local function tokens_from(prefix, id, clock, time)
  local from = seconds_of(clock)
  local deletion = text_at(prefix .. 'g:' .. id)
  if deletion then from = math.max(from, seconds_of(deletion) + TOKENS_WAIT) end
  return from == seconds_of(time) and '' or ',"tokensFrom":' .. number(from)
end

-- Puts the commit's time into a text where its mark is; tokens: of a creation alone.
local function stamp(text, time, tokens)
  if tokens then text = string.gsub(text, '"createdAt":"\\1"', '"createdAt":"' .. time .. '"' .. tokens) end
  return (string.gsub(text, '\\1', time))
end

-- Whether a set has a member: most writes change nothing of it.
local function has(name, wanted, key, member)
  local found = redis.pcall(name, key, member)
  if type(found) == 'table' and found.err then demand(key, wanted) end
  return found and found ~= 0
end

-- Adds a revision to a document's history, notes what of it is kept beside the blame, and takes away some of the rest.
local function plan_revision(writes, history, blame, before, version, record, blame_text, revisions, most)
  demand(history, 'list')
  demand(blame, 'string')
  local revision = revision_of(version)
  local from, bytes = extent_before(history, blame, before, revision, revisions, most)
  local gone
  from, bytes, gone = extent_after(history, from, bytes, revision, #record, revisions, most)
  plan(writes, 'RPUSH', history, record)
  if gone > 0 then plan(writes, 'LTRIM', history, gone, -1) end
  plan(writes, 'SET', blame, version .. '\\n' .. number(from) .. ' ' .. number(bytes) .. '\\n' .. blame_text)
end

-- keys from k on: version record history configs owners last blame; args from a on: config-id owner text blame, and what
-- of a history is kept: revisions bytes, behind which stands since when it has to be quiet, or ''. The system layer is no owner.
local function plan_document(writes, record, before, version, sequence, keys, k, args, a)
  local config, owner, text = args[a], args[a + 1], args[a + 2]
  record = record .. '\\n' .. text
  plan_revision(
    writes, keys[k + 2], keys[k + 6], before, version, record, args[a + 3], tonumber(args[a + 4]), tonumber(args[a + 5])
  )
  plan(writes, 'SET', keys[k + 1], record)
  plan(writes, 'SET', keys[k], version)
  if not has('SISMEMBER', 'set', keys[k + 3], config) then plan(writes, 'SADD', keys[k + 3], config) end
  if owner ~= '' then
    local isOwner = has('ZSCORE', 'zset', keys[k + 4], owner)
    if text == '' and isOwner then plan(writes, 'ZREM', keys[k + 4], owner)
    elseif text ~= '' and not isOwner then plan(writes, 'ZADD', keys[k + 4], 0, owner) end
  end
  plan(writes, 'HSET', keys[k + 5], config, sequence)
end

-- Puts an operation that a caller named among those that are remembered, and takes out some that no longer are. Answers
-- nothing, or where there are too many of them the seconds until there is room.
local function plan_remembering(writes, named, id, limit, life)
  demand(named, 'zset')
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local gone = redis.call('ZRANGEBYSCORE', named, '-inf', number(now), 'LIMIT', 0, 10)
  for _, each in ipairs(gone) do plan(writes, 'ZREM', named, each) end
  if redis.call('ZCARD', named) - #gone >= limit then
    local oldest = redis.call('ZRANGEBYSCORE', named, '(' .. number(now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    return math.max(1, math.ceil(((tonumber(oldest[2]) or now) - now) / 1000))
  end
  plan(writes, 'ZADD', named, number(now + life), id)
end

-- Whether no commit after a sequence was to an account, or to a document of the config.
local function is_quiet(feed, after, sequence, config)
  if sequence - after > QUIET_LIMIT then return false end
  if sequence <= after then return true end
  local entries = redis.call('XRANGE', feed, number(after + 1) .. '-0', number(sequence) .. '-0')
  if #entries < sequence - after then return false end
  for _, entry in ipairs(entries) do
    local found = string.match(entry[2][2], '^[^\\n]*\\n{"on":"document","key":{[^}]*"configId":"([^"]*)"')
    if not found or found == config then return false end
  end
  return true
end

-- What a commit comes to: an answer, or what is to be written and the answer then. Writes nothing.
local function decide(keys, args)
  local meta_key, sequence_key, tree_key, root_key, feed_key, operation_key, time_key, begun_key, named_key = unpack(keys, 1, 9)
  demand(meta_key, 'hash')
  local meta = redis.call('HMGET', meta_key, 'incarnation', 'writers', 'earliest')
  local texts = redis.call('MGET', tree_key, sequence_key, begun_key, operation_key, time_key)
  for i, key in ipairs({tree_key, sequence_key, begun_key, operation_key, time_key}) do
    if not texts[i] then demand(key, 'string') end
    known[key] = 'string'
  end
  local tree, sequence = texts[1], texts[2] and number_in(texts[2], sequence_key)
  local begun = number_in(texts[3], begun_key)
  local reason = obstacle(meta, tree, sequence, begun, args[1], args[2])
  if reason then return {'refused', reason} end

  local earlier = texts[4]
  if earlier then
    local digest, version, at, memo = string.match(earlier, '^([^\\n]*)\\n([^\\n]*)\\n?([^\\n]*)\\n?(.*)$')
    if digest ~= args[3] then return {'reused'} end
    -- A write, so that whoever waits for the replicas waits for what came before it.
    return {'done', version, 'replayed', at ~= '' and at or args[9], memo}, {{'INCRBY', begun_key, '0'}}
  end

  local documents, accounts = tonumber(args[10]), tonumber(args[11])
  local holds = (args[5] == '' or args[5] == tree) and (args[6] == '' or not text_at(root_key))
  local current = {}
  for i = 1, documents + accounts do
    local found = version_of(text_at(keys[9 + i]))
    current[i] = found
    if found ~= args[14 + i] then holds = false end
  end
  local k, a = 9 + documents + accounts, 14 + documents + accounts
  local isDocument = #keys - k == 7
  local above
  if not isDocument then
    local fits
    fits, above = fits_tree(args[a + 7], args[a + 3], args[a + 4], args[a + 5])
    if not fits then holds = false end
  end
  local quiet_since = isDocument and tonumber(args[a + 9])
  if quiet_since and not is_quiet(feed_key, quiet_since, sequence, args[a + 3]) then holds = false end
  if not holds then return {'conflict', tree, number(sequence), current} end

  local writes, retryAfter = {}, nil
  if args[12] ~= '' then retryAfter = plan_remembering(writes, named_key, args[12], tonumber(args[13]), tonumber(args[4])) end
  if retryAfter then return {'full', number(retryAfter)} end

  local before = text_at(keys[k + 1])
  local revision = (before and tonumber(string.match(before, '^%d+')) or 0) + 1
  local nextSequence = number(sequence + 1)
  local version = number(revision) .. '.' .. nextSequence .. '.' .. args[8]
  local clock = args[9]
  local time = last_time(texts[5], feed_key)
  if time < clock then time = clock end
  -- The past before that has been told, and stays as it is.
  if meta[3] and time < meta[3] then time = meta[3] end
  local tokens = not isDocument and args[a + 3] == 'CREATE' and tokens_from(args[a + 7], args[a + 4], clock, time)
  local record = version .. '\\n' .. stamp(args[a + 2], time, tokens)
  local change = version .. '\\n' .. stamp(args[a + 1], time, tokens)

  -- First: of a commit that a kill has torn this is left, and the end is not.
  table.insert(writes, 1, {'INCRBY', begun_key, number(sequence + 1 - begun)})
  plan(writes, 'XADD', feed_key, 'MAXLEN', '~', args[7], nextSequence .. '-0', 'change', change)
  if isDocument then plan_document(writes, record, version_of(before), version, nextSequence, keys, k + 1, args, a + 3)
  else plan_account(writes, record, change, revision, above, time, args, a + 3) end
  plan(writes, 'SET', time_key, time)
  plan(writes, 'SET', operation_key, args[3] .. '\\n' .. version .. '\\n' .. time .. '\\n' .. args[14], 'PX', args[4])
  plan(writes, 'SET', sequence_key, nextSequence)
  return {'done', version, '', time}, writes
end

-- keys: meta seq tree root feed op time begun named, versions of the expected documents, expected accounts, then of the write
--   itself: document: version record history configs owners last blame; account: its record. What else an account's write touches has no
--   other tag.
-- args: incarnation floor digest ttl tree noRoot feedEntries nonce clock documents accounts, of an operation that a caller
--   named its id, how many of them there may be, and its memo (else three times ''), the expected versions, then
--   change-body, and header and what plan_document takes, or body and what plan_account takes
local function commit(keys, args)
  known, held = {}, {}
  local isSound, answer, writes = pcall(decide, keys, args)
  if not isSound then return {'refused', 'foreign', type(answer) == 'table' and answer.err or tostring(answer)} end
  for _, write in ipairs(writes or {}) do
    local done = redis.pcall(unpack(write))
    if write[1] == 'XADD' and type(done) == 'table' and done.err then
      -- The feed is ahead: the one thing that shows no earlier, and then only the first write is there.
      redis.call('INCRBY', writes[1][2], '-' .. writes[1][3])
      return {'refused', 'torn'}
    end
    if type(done) == 'table' and done.err then error(done, 0) end
  end
  return answer
end
`;
