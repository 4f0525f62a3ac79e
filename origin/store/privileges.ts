/**
 * What a role may do in a database, held against what an origin needs.
 *
 * Invariant: what a role may is what Postgres would let it do, by whatever way it came to it. Each
 * answer is in the words of a `grant`, such as `insert on events`. Changes nothing.
 *
 * @module
 */

import { FUNCTIONS, NEEDS, OPERATOR_FUNCTIONS, TABLES } from "./needs.ts";
import type { Sql, Transaction } from "./sql.ts";

type Reader = Sql | Transaction;

/** Of what is there already: a table that is yet to be made is not missed. */
export async function readLacking(sql: Reader, role: string): Promise<string[]> {
  const rows = await sql<{ words: string }[]>`
    select format('usage on schema %I', current_schema()) as words
    where not has_schema_privilege(${role}, current_schema(), 'usage')
    union all
    (
      select string_agg(l.words, ', ' order by l.n) || format(' on %I', l.relname)
      from (
        select c.relname, min(n.n) as n, n.privilege
          || coalesce('(' || string_agg(quote_ident(a.attname), ', ' order by n.n) || ')', '')
          as words
        from ${needsOf(sql)}
        join ${tablesOf(sql)} c on c.relname = n.relation
        left join pg_attribute a on a.attrelid = c.oid and a.attname = n.attribute
        where case when n.attribute = '' then not has_table_privilege(${role}, c.oid, n.privilege)
          else not has_column_privilege(${role}, c.oid, a.attnum, n.privilege) end
        group by c.relname, n.privilege
      ) l
      group by l.relname order by min(l.n)
    )
    union all
    select format('execute on function %s', p.oid::regprocedure)
    from ${functionsOf(sql, FUNCTIONS)} p
    where not has_function_privilege(${role}, p.oid, 'execute')`;
  return rows.map(({ words }) => words);
}

/** Nobody who owns a table is limited by what was granted. */
export async function isOwner(sql: Reader, role: string): Promise<boolean> {
  const [found] = await sql<{ owner: boolean }[]>`
    select coalesce(bool_or(pg_has_role(${role}, c.relowner, 'usage')), false) as owner
    from ${tablesOf(sql)} c where c.relname = any(${Object.keys(TABLES)}::text[])`;
  return found!.owner;
}

/** What a role may do beyond what an origin needs; it is asked of nobody who owns the tables. */
export async function readExcess(sql: Reader, role: string): Promise<string[]> {
  const rows = await sql<{ words: string }[]>`
    select format('create on schema %I', current_schema()) as words
    where has_schema_privilege(${role}, current_schema(), 'create')
    union all
    select format('%s on database %I', p.privilege, current_database())
    from unnest(array['create', 'temporary']) as p(privilege)
    where has_database_privilege(${role}, current_database(), p.privilege)
    union all
    (
      select format('%s on %I', p.privilege, c.relname)
      from ${tablesOf(sql)} c cross join ${privilegesOf(sql)}
      where c.relname = any(${Object.keys(TABLES)}::text[])
        and has_table_privilege(${role}, c.oid, p.privilege)
        and not exists (select from ${needsOf(sql)} where n.relation = c.relname
          and n.privilege = p.privilege and n.attribute = '')
      order by c.relname, p.privilege
    )
    union all
    (
      select format('update(%I) on %I', a.attname, c.relname)
      from ${tablesOf(sql)} c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
      where c.relname = any(${Object.keys(TABLES)}::text[]) and not a.attisdropped
        and has_column_privilege(${role}, c.oid, a.attnum, 'update')
        and not has_table_privilege(${role}, c.oid, 'update')
        and not exists (select from ${needsOf(sql)} where n.relation = c.relname
          and n.privilege = 'update' and n.attribute = a.attname)
      order by c.relname, a.attnum
    )
    union all
    select format('execute on function %s', p.oid::regprocedure)
    from ${functionsOf(sql, OPERATOR_FUNCTIONS)} p
    where has_function_privilege(${role}, p.oid, 'execute')`;
  return rows.map(({ words }) => words);
}

/** What everybody may do in this database by Postgres' defaults, and nobody needs. */
export async function readOpen(sql: Reader): Promise<string[]> {
  const rows = await sql<{ words: string }[]>`
    select format('create on schema %I', nspname) as words
    from pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) acl
    where nspname = current_schema() and acl.grantee = 0 and acl.privilege_type = 'CREATE'
    union all
    select format('temporary on database %I', datname)
    from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) acl
    where datname = current_database() and acl.grantee = 0 and acl.privilege_type = 'TEMPORARY'
    union all
    select format('execute on function %s', p.oid::regprocedure)
    from ${functionsOf(sql, [...FUNCTIONS, ...OPERATOR_FUNCTIONS])} p,
      aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl
    where acl.grantee = 0`;
  return rows.map(({ words }) => words);
}

function tablesOf(sql: Reader) {
  return sql`(select * from pg_class where relkind in ('r', 'p') and relnamespace = ${here(sql)})`;
}

function functionsOf(sql: Reader, names: readonly string[]) {
  return sql`(select * from pg_proc where proname = any(${[...names]}::text[])
    and pronamespace = ${here(sql)})`;
}

function here(sql: Reader) {
  return sql`(select oid from pg_namespace where nspname = current_schema())`;
}

function needsOf(sql: Reader) {
  return sql`unnest(
    ${NEEDS.map(({ table }) => table)}::text[],
    ${NEEDS.map(({ privilege }) => privilege)}::text[],
    ${NEEDS.map(({ column }) => column)}::text[]
  ) with ordinality as n(relation, privilege, attribute, n)`;
}

/** All that there are for a table but `select`; the last since Postgres 17. */
function privilegesOf(sql: Reader) {
  return sql`unnest(
    array['insert', 'update', 'delete', 'truncate', 'references', 'trigger']
      || case when current_setting('server_version_num')::int >= 170000
           then array['maintain'] else '{}' end
  ) as p(privilege)`;
}
