/**
 * The functions that keep what is written down beside accounts and documents: the history of each account, who has a
 * document of each config, and the last commit to it. Those below commits make all of it anew, for a store that an older
 * release wrote or of which a part of a commit was written; gateways may commit meanwhile.
 */
export const LUA_FACTS = `
local function sequence_of(record)
  return tonumber(string.match(record, '^%d+%.(%d+)'))
end

-- An entry of an account's history, of a record of which nothing else is known.
local function known_entry(record)
  local version, parent, role, json = string.match(record, '^([^\\n]*)\\n([^\\n]*)\\n([^\\n]*)\\n(.*)$')
  local place = (parent == '' and '' or '"parentId":"' .. parent .. '",')
    .. '"isReseller":' .. (role == '' and 'false' or 'true')
  return version .. '\\n{"on":"account","account":{' .. place .. ',' .. string.sub(json, 2) .. '}'
end

local function kind_of(entry)
  return string.match(entry, '^[^\\n]*\\n{"on":"account","kind":"(%u+)"')
end

-- Puts an entry into an account's history where it belongs. Of two of the same commit the one that says more stays.
local function insert_entry(history, entry)
  local sequence, after = sequence_of(entry), nil
  for at = redis.call('LLEN', history) - 1, 0, -1 do
    local each = redis.call('LINDEX', history, at)
    local found = sequence_of(each)
    if found == sequence then
      if #each < #entry then redis.call('LSET', history, at, entry) end
      return
    end
    if found < sequence then
      after = each
      break
    end
  end
  if after then redis.call('LINSERT', history, 'AFTER', after, entry)
  else redis.call('LPUSH', history, entry) end
end

local function newest_entry(history)
  return redis.call('LINDEX', history, -1)
end

local function last_commit(last, config)
  return tonumber(redis.call('HGET', last, config) or '0')
end

-- A commit of this sequence was to a config; of several the last one counts.
local function pass_commit(last, config, sequence)
  if sequence > last_commit(last, config) then redis.call('HSET', last, config, string.format('%.0f', sequence)) end
end
`;

export const LUA_UPGRADE = `
-- keys: meta; args: the format from which this one is reached. From now on only releases that keep histories and index
-- write here.
local function begin_upgrade(keys, args)
  if redis.call('HGET', keys[1], 'writers') ~= args[1] then return 'no' end
  redis.call('HSET', keys[1], 'format', args[1], 'writers', FORMAT)
  return 'done'
end

-- keys: last, then of each document: version record owners; args: an account (the system layer: '') and a config for each
local function upgrade_documents(keys, args)
  known, held = {}, {}
  demand(keys[1], 'hash')
  for i = 1, #args, 2 do
    local k = 2 + (i - 1) / 2 * 3
    local version, record = text_at(keys[k]), text_at(keys[k + 1])
    if version and record then
      if args[i] ~= '' then
        demand(keys[k + 2], 'zset')
        local text = string.match(record, '^[^\\n]*\\n[^\\n]*\\n(.*)$')
        if text ~= '' then redis.call('ZADD', keys[k + 2], 0, args[i])
        else redis.call('ZREM', keys[k + 2], args[i]) end
      end
      pass_commit(keys[1], args[i + 1], sequence_of(version))
    end
  end
  return 'done'
end

-- keys: of each account: record history. Of an account that was changed by a part of a commit the history may tell more
-- than there is.
local function upgrade_accounts(keys)
  known, held = {}, {}
  for i = 1, #keys, 2 do
    local record, history = text_at(keys[i]), keys[i + 1]
    demand(history, 'list')
    local newest = newest_entry(history)
    while newest and record and sequence_of(newest) > sequence_of(record) do
      redis.call('RPOP', history)
      newest = newest_entry(history)
    end
    if record then insert_entry(history, known_entry(record))
    elseif newest and kind_of(newest) == 'CREATE' then redis.call('RPOP', history) end
  end
  return 'done'
end

-- keys: feed last; args: prefix, the id behind which to go on, how many. Takes what the feed still tells: records of accounts, and
-- commits to configs whose writes may have gone with their accounts. Answers the last id, and '' at the end.
local function upgrade_from_feed(keys, args)
  known, held = {}, {}
  demand(keys[1], 'stream')
  demand(keys[2], 'hash')
  local last = ''
  for _, each in ipairs(redis.call('XRANGE', keys[1], args[2], '+', 'COUNT', args[3])) do
    last = each[1]
    local config = string.match(each[2][2], '^[^\\n]*\\n{"on":"document","key":{[^}]*"configId":"([^"]*)"')
    if config then pass_commit(keys[2], config, sequence_of(each[2][2])) end
    local id = string.match(each[2][2], '^[^\\n]*\\n{"on":"account","kind":"%u+","account":{"id":"([^"]*)"')
    if id then
      local history = args[1] .. 'p:' .. id
      demand(history, 'list')
      insert_entry(history, each[2][2])
    end
  end
  return last
end

-- keys: meta; args: incarnation. All of the store was looked through in this life of it.
local function finish_upgrade(keys, args)
  local meta = redis.call('HMGET', keys[1], 'incarnation', 'writers')
  if meta[1] ~= args[1] or tonumber(meta[2]) ~= FORMAT then return 'no' end
  redis.call('HSET', keys[1], 'format', FORMAT)
  return 'done'
end
`;
