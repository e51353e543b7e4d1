//! Rules about Services, ports and addresses.
