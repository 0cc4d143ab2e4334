#include "ringing_log.hpp"

namespace annals::tests {

void create_ringing_log(postgres::Connection& connection) {
  connection.execute(R"(
    CREATE FUNCTION public.log_ring() RETURNS timestamptz LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
    BEGIN
      PERFORM pg_notify('annals_public_log', '');
      RETURN clock_timestamp();
    END $$;
    CREATE TABLE public.log (
      position    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      recorded_at timestamptz NOT NULL DEFAULT
        CASE WHEN pg_try_advisory_xact_lock_shared(hashtextextended('annals:bell:public.log' COLLATE "C", 0))
             THEN clock_timestamp() ELSE public.log_ring() END))");
}

postgres::LogTable ringing_log() {
  return postgres::log_table("public.log", "SELECT position FROM public.log", "position");
}

}  // namespace annals::tests
