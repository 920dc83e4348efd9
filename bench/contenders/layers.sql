-- Layered configuration inside PostgreSQL: the layers in tables, merged by a function, with the provenance of every
-- field. Settings keep their type in all layers (an object never stands over a scalar): what the general rules ask for
-- beyond that would only make it slower.

create table accounts (id text primary key, parent_id text references accounts (id), is_reseller boolean not null);
create table documents (
  account_id text not null, -- '' is the system's
  config_id text not null,
  document jsonb not null,
  primary key (account_id, config_id)
);
create table defaults (config_id text primary key, document jsonb not null);

-- Written with care for its speed: members that are no objects are merged at once, by ||.
create function merged(lower jsonb, higher jsonb) returns jsonb language plpgsql immutable parallel safe as $$
declare
  name text;
  member jsonb;
  result jsonb := lower || higher;
begin
  for name, member in select * from jsonb_each(higher) loop
    if jsonb_typeof(member) = 'object' and jsonb_typeof(lower -> name) = 'object' then
      result := jsonb_set(result, array[name], merged(lower -> name, member));
    end if;
  end loop;
  return result;
end
$$;

-- The nearest ancestor that is a reseller; the root when there is none (the root itself has none).
create function reseller_of(account text) returns text language plpgsql stable parallel safe as $$
declare
  above text;
  found accounts;
begin
  select parent_id into above from accounts where id = account;
  while above is not null loop
    select * into found from accounts where id = above;
    exit when found.is_reseller or found.parent_id is null;
    above := found.parent_id;
  end loop;
  return above;
end
$$;

create type effective_config as (id text, etag text, "values" jsonb, fields jsonb);

-- In plpgsql, so that its plans are made once for each connection.
create function config(account_id text, config_id text) returns effective_config language plpgsql stable as $$
declare
  reseller text := reseller_of($1);
  own jsonb;
  above jsonb;
  system jsonb;
  schema jsonb;
  result effective_config;
begin
  select document into own from documents d where d.account_id = $1 and d.config_id = $2;
  select document into above from documents d where d.account_id = reseller and d.config_id = $2;
  select document into system from documents d where d.account_id = '' and d.config_id = $2;
  select document into schema from defaults d where d.config_id = $2;
  with recursive members as (
    select layer, jsonb_build_object('kind', kind) as told, '' as pointer, document as value
    from (values (0, 'ACCOUNT', own), (1, 'RESELLER', above), (2, 'SYSTEM', system), (3, 'SCHEMA', schema))
      as layers (layer, kind, document)
    where document is not null
    union all
    select m.layer, m.told, m.pointer || '/' || replace(replace(each.key, '~', '~0'), '/', '~1'), each.value
    from members m, jsonb_each(m.value) each
    where jsonb_typeof(m.value) = 'object'
  ),
  fields as (
    select pointer, jsonb_agg(jsonb_build_object('layer', told, 'value', value) order by layer) as contributions
    from members
    where pointer <> '' and (jsonb_typeof(value) <> 'object' or value = '{}')
    group by pointer
  )
  select jsonb_agg(jsonb_build_object(
    'pointer', pointer,
    'value', contributions -> 0 -> 'value',
    'source', contributions -> 0 -> 'layer',
    'contributions', contributions
  )) into result.fields from fields;
  result.id := $1 || '/' || $2;
  result.etag := md5(result.fields::text);
  result."values" := merged(merged(merged(schema, coalesce(system, '{}')), coalesce(above, '{}')), coalesce(own, '{}'));
  return result;
end
$$;
