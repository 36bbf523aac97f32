//! Where the zone comes from: the hub's stream, the disk, a neighbour; and how old it is.
