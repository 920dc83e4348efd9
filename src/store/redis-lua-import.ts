/** The functions that fill a store, begin one, and accept one as it is. */
export const LUA_IMPORT = `
-- keys: meta seq tree lock; args: name clear holder. From now on nobody reads or writes here.
local function begin_import(keys, args)
  local sequence = redis.call('GET', keys[2]) or '0'
  local meta = redis.call('HMGET', keys[1], 'importing', 'clearing')
  if redis.call('GET', keys[4]) ~= args[3] then return 'locked' end
  if args[2] == '' and meta[1] ~= args[1] and (meta[1] or sequence ~= '0') then return 'not empty' end
  if args[2] ~= '' then redis.call('HSET', keys[1], 'clearing', '1') end
  redis.call('SET', keys[3], '!import')
  redis.call('SET', keys[2], '0')
  redis.call('HSET', keys[1], 'importing', args[1])
  redis.call('HDEL', keys[1], 'incarnation', 'accepted')
  return (args[2] ~= '' or meta[2]) and 'clear' or 'go on'
end

-- keys: meta lock version record history configs time; args: holder revision version body config-id time. Whatever the order that
-- the writes of one document come in, the highest revision is the current one.
local function restore_write(keys, args)
  known = {}
  if redis.call('GET', keys[2]) ~= args[1] then return 'locked' end
  local revision, record = tonumber(args[2]), args[3] .. '\\n' .. args[4]
  for i, wanted in ipairs({'string', 'string', 'list', 'set'}) do demand(keys[2 + i], wanted) end
  pass_time(keys[7], args[6])
  local length = redis.call('LLEN', keys[5])
  if length >= revision then redis.call('LSET', keys[5], revision - 1, record)
  else
    for _ = length + 2, revision do redis.call('RPUSH', keys[5], '') end
    redis.call('RPUSH', keys[5], record)
  end
  local current = redis.call('GET', keys[3])
  if not current or tonumber(string.match(current, '^%d+')) <= revision then
    redis.call('SET', keys[4], record)
    redis.call('SET', keys[3], args[3])
  end
  redis.call('SADD', keys[6], args[5])
  return 'done'
end

-- keys: meta lock account time; args: holder revision record id parent prefix time
local function restore_account(keys, args)
  known = {}
  if redis.call('GET', keys[2]) ~= args[1] then return 'locked' end
  demand(keys[3], 'string')
  demand(args[6] .. 'k:' .. args[5], 'zset')
  pass_time(keys[4], args[7])
  local current = redis.call('GET', keys[3])
  if current and tonumber(string.match(current, '^%d+')) > tonumber(args[2]) then return 'done' end
  local id, parent, prefix = args[4], args[5], args[6]
  local from = current and place_of(current) or ''
  if from ~= '' and from ~= parent then redis.call('ZREM', prefix .. 'k:' .. from, id) end
  redis.call('SET', keys[3], args[3])
  if parent == '' then redis.call('SET', prefix .. 'root', id)
  else redis.call('ZADD', prefix .. 'k:' .. parent, 0, id) end
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
  redis.call('DEL', keys[4])
  redis.call('SET', keys[2], args[2])
  redis.call('SET', keys[7], args[2])
  redis.call('SET', keys[3], args[4])
  redis.call('SET', keys[6], args[5])
  redis.call('HDEL', keys[1], 'importing', 'clearing', 'accepted')
  redis.call('HSET', keys[1], 'format', FORMAT, 'writers', FORMAT, 'incarnation', args[3])
  return 'done'
end

-- keys: meta seq tree feed begun; args: incarnation tree-token. What is there now is the store, says an operator. No
-- sequence is used twice: where the feed tells of later commits, it goes on behind those.
local function accept(keys, args)
  known = {}
  local sequence = tonumber(text_at(keys[2])) or 0
  if string.sub(text_at(keys[3]) or '', 1, 1) == '!' then return 'importing' end
  sequence = number(math.max(sequence, feed_end(keys[4])))
  demand(keys[1], 'hash')
  demand(keys[5], 'string')
  redis.call('SET', keys[2], sequence)
  redis.call('SET', keys[5], sequence)
  redis.call('SET', keys[3], args[2])
  redis.call('HSETNX', keys[1], 'format', FORMAT)
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
