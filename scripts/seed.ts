/** A set-up file of the tests: with `FC_SEED` in the environment every property starts from that seed. */
import fc from 'fast-check'

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env['FC_SEED']) })
