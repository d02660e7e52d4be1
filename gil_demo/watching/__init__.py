"""Who had the GIL, who waited for whom, and where: from hand-overs, none of them sampled."""
