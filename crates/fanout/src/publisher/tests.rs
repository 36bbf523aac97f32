//! Tests of the publisher.
