"""What can be wrong with a plan and with the contract: one function per question, each giving every fault it finds with its line."""
