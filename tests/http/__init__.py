"""Through API Gateway: signed HTTP into the whole stack, with every role's permissions enforced."""
